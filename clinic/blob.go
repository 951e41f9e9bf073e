package clinic

// Blob names content that is too large for an entry: a scan, an image, a document.
// It is kept beside the journals and known by its hash. The hash is salted, so that
// nobody who sees it can tell whether it is of something that they have; the same
// content twice is two blobs.
type Blob struct {
	Salt [16]byte `cbor:"1,keyasint"`
	Hash [32]byte `cbor:"2,keyasint"` // SHA-256 of salt and content
	Size int64    `cbor:"3,keyasint"` // bytes of the content
}

// Attached is the body of KindAttached: content that belongs to a visit, or to the
// patient outside of one.
type Attached struct {
	Title string `cbor:"1,keyasint"`           // as a person wrote it
	Type  string `cbor:"2,keyasint,omitempty"` // media type (RFC 6838), such as image/jpeg
	Blob  Blob   `cbor:"3,keyasint"`
}

// BlobsOf returns the blobs that an entry with this body names.
func BlobsOf(body any) []Blob {
	if a, ok := body.(*Attached); ok {
		return []Blob{a.Blob}
	}
	return nil
}
