package clinic

// The kinds of entries about pregnancy and birth.
const (
	KindDelivery         Kind = 60 // a birth, as a document of the mother's visit
	KindBirthCertificate Kind = 61 // giấy chứng sinh of one child
	KindPregnancy        Kind = 72 // a pregnancy, outside visits
	KindAntenatal        Kind = 73 // an examination in pregnancy
)

// newMotherBody is NewBody for pregnancy and birth.
func newMotherBody(k Kind) any {
	switch k {
	case KindDelivery:
		return new(Delivery)
	case KindBirthCertificate:
		return new(BirthCertificate)
	case KindPregnancy:
		return new(Pregnancy)
	case KindAntenatal:
		return new(Antenatal)
	}
	return nil
}

// motherDocument is IsDocument for pregnancy and birth.
func (k Kind) motherDocument() bool {
	return k == KindDelivery || k == KindBirthCertificate || k == KindAntenatal
}

// motherName is String for pregnancy and birth; empty for other kinds.
func (k Kind) motherName() string {
	return map[Kind]string{
		KindDelivery: "delivery", KindBirthCertificate: "birth-certificate", KindPregnancy: "pregnancy", KindAntenatal: "antenatal",
	}[k]
}
