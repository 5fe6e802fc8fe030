"""Training for mobinet: from pictures in class folders to the one file that the runtime loads."""
