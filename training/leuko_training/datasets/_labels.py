"""The class names of the public sets in the words of leuko."""

from leuko.cells import CellClass

CLASS_OF_WORD = {cell_class.value: cell_class for cell_class in CellClass} | {
    "ig": CellClass.IMMATURE_GRANULOCYTE,
    "platelet": CellClass.PLATELET_OR_ARTEFACT,
    "baso": CellClass.BASOPHIL,
    "eosi": CellClass.EOSINOPHIL,
    "lymp": CellClass.LYMPHOCYTE,
    "mono": CellClass.MONOCYTE,
    "neut": CellClass.NEUTROPHIL,
}


def class_from_word(word: str) -> CellClass | None:
    """The class that a set's word stands for.

    >>> class_from_word("ig")
    <CellClass.IMMATURE_GRANULOCYTE: 'immature_granulocyte'>
    >>> class_from_word("neutrophil, eosinophil") is None
    True

    Args:
        word: a class name in any case; several, separated by commas, name several cells.

    Returns:
        None for no word, several words, or a word that names no class of leuko.
    """
    return CLASS_OF_WORD.get(word.strip().lower())
