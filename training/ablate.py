"""Runs the ablations: python training/ablate.py --help."""

from mobinet_training.ablate import main

if __name__ == "__main__":
    main()
