"""Makes a model's card: python training/card.py --help."""

from mobinet_training.card import main

if __name__ == "__main__":
    main()
