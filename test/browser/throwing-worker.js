throw new Error('this script throws');
