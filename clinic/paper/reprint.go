package paper

// ReprintMark stands at the head of every copy after the first, so that a
// single-use paper cannot be taken for a second one.
const ReprintMark = "BẢN IN LẠI"

// numbered marks every copy after the first.
func (d Doc) numbered(copies int) Doc {
	if copies > 1 {
		return d.Reprinted()
	}
	return d
}

// Reprinted returns the document with the reprint mark at its head; a document
// that carries it is returned as it is.
func (d Doc) Reprinted() Doc {
	for _, b := range d.Blocks {
		if b.Kind == KindText && b.Text == ReprintMark {
			return d
		}
	}
	mark := Text(ReprintMark).Sized(Large).Strong().At(Center)
	d.Blocks = append([]Block{mark}, d.Blocks...)
	return d
}
