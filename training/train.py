"""Trains a network: python training/train.py --help."""

from mobinet_training.train import main

if __name__ == "__main__":
    main()
