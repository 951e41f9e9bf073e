package card

import "errors"

// errTLV is flat: what stood there may name a person.
var errTLV = errors.New("card: malformed TLV")

// maxDepth bounds nested objects; a photo's are five deep.
const maxDepth = 12

// object is a BER-TLV data object of ISO 7816-4: the tag as its bytes read as a number.
type object struct {
	tag   uint32
	value []byte
	whole []byte // tag, length and value
}

// constructed reports whether the value is made of objects.
func (o object) constructed() bool {
	first := o.tag
	for first > 0xFF {
		first >>= 8
	}
	return first&0x20 != 0
}

// next splits the first object off.
func next(b []byte) (object, []byte, error) {
	head, size, err := header(b)
	if err != nil || size > len(b)-head.len {
		return object{}, nil, errTLV
	}
	end := head.len + size
	return object{head.tag, b[head.len:end:end], b[:end:end]}, b[end:], nil
}

// head is an object's tag and the length of tag and length.
type head struct {
	tag uint32
	len int
}

// header reads tag and length. The value need not be there yet. Lengths are definite,
// at most three bytes.
func header(b []byte) (head, int, error) {
	if len(b) < 2 {
		return head{}, 0, errTLV
	}
	tag, i := uint32(b[0]), 1
	if tag&0x1F == 0x1F {
		for {
			if i >= len(b) || i > 2 {
				return head{}, 0, errTLV
			}
			tag = tag<<8 | uint32(b[i])
			i++
			if b[i-1]&0x80 == 0 {
				break
			}
		}
	}
	if i >= len(b) {
		return head{}, 0, errTLV
	}
	size := int(b[i])
	i++
	if size >= 0x80 {
		n := size & 0x7F
		if n == 0 || n > 3 || i+n > len(b) {
			return head{}, 0, errTLV
		}
		size = 0
		for ; n > 0; n-- {
			size = size<<8 | int(b[i])
			i++
		}
	}
	return head{tag, i}, size, nil
}

// objects splits b into its objects. Filler of 00 between them is skipped.
func objects(b []byte) (list []object, err error) {
	for len(b) > 0 {
		if b[0] == 0 {
			b = b[1:]
			continue
		}
		var o object
		if o, b, err = next(b); err != nil {
			return nil, err
		}
		list = append(list, o)
	}
	return list, nil
}

// find returns the value of the first object with the tag, at any depth.
func find(b []byte, tag uint32) ([]byte, bool) { return dig(b, tag, 0) }

func dig(b []byte, tag uint32, depth int) ([]byte, bool) {
	list, err := objects(b)
	if err != nil || depth > maxDepth {
		return nil, false
	}
	for _, o := range list {
		if o.tag == tag {
			return o.value, true
		}
		if o.constructed() {
			if v, ok := dig(o.value, tag, depth+1); ok {
				return v, true
			}
		}
	}
	return nil, false
}

// child returns the value of an object directly in b.
func child(b []byte, tag uint32) ([]byte, bool) {
	list, err := objects(b)
	if err != nil {
		return nil, false
	}
	for _, o := range list {
		if o.tag == tag {
			return o.value, true
		}
	}
	return nil, false
}

// tlv encodes an object.
func tlv(tag uint32, value ...[]byte) []byte {
	var b []byte
	for shift := 24; shift >= 0; shift -= 8 {
		if t := byte(tag >> shift); t != 0 || len(b) > 0 || shift == 0 {
			b = append(b, t)
		}
	}
	size := 0
	for _, v := range value {
		size += len(v)
	}
	switch {
	case size < 0x80:
		b = append(b, byte(size))
	case size < 0x100:
		b = append(b, 0x81, byte(size))
	default:
		b = append(b, 0x82, byte(size>>8), byte(size))
	}
	for _, v := range value {
		b = append(b, v...)
	}
	return b
}
