"""Makes a model's card: python training/card.py --help."""

import sys

from mobinet_training.card import main

if __name__ == "__main__":
    main(*sys.argv[1:])
