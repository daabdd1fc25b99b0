"""Training of leuko's segmenter and classifier, on a desktop, with Keras."""
