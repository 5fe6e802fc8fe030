"""Writes the model file of a checkpoint: python training/export.py --help."""

from mobinet_training.export import main

if __name__ == "__main__":
    main()
