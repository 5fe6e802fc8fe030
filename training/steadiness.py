"""How steady are a model's labels? python training/steadiness.py MODEL PICTURES"""

import sys

from mobinet_training.steadiness import main

if __name__ == "__main__":
    main(*sys.argv[1:])
