"""Trains the networks that MoBiNet is compared with: python training/rivals.py --help."""

from mobinet_training.rivals import main

if __name__ == "__main__":
    main()
