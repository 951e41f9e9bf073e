// Package strictcbor is CBOR as every signed or stored format of ours has it: written
// deterministically, and read only where no two readers could see different things.
package strictcbor

import "github.com/fxamacker/cbor/v2"

// Encoding returns RFC 8949's core deterministic encoding.
func Encoding() cbor.EncMode {
	m, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		panic(err) // constant options: cannot fail
	}
	return m
}

// Limits bound what a decoder takes.
type Limits struct {
	Nested, Elements, Pairs int
	Known                   bool // fields that are not known are an error
}

// Decoding returns a decoder that refuses lengths told later, tags, and a key twice.
func Decoding(l Limits) cbor.DecMode {
	o := cbor.DecOptions{
		MaxNestedLevels: l.Nested, MaxArrayElements: l.Elements, MaxMapPairs: l.Pairs,
		IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden,
		DupMapKey: cbor.DupMapKeyEnforcedAPF,
	}
	if l.Known {
		o.ExtraReturnErrors = cbor.ExtraDecErrorUnknownField
	}
	m, err := o.DecMode()
	if err != nil {
		panic(err) // limits are constants: cannot fail
	}
	return m
}
