"""Do PyTorch and the runtime agree? python training/compare.py TORCH.json RUNTIME.json CLASSES"""

import sys

from mobinet_training.compare import main

if __name__ == "__main__":
    main(*sys.argv[1:])
