package clinic

// Kinds of emergencies and of stays at the station.
const (
	KindEmergencyNotice Kind = 62 // somebody was told that an unknown or endangered patient is here
	KindStay            Kind = 64 // the patient was put into a bed, or moved
	KindCare            Kind = 65 // a line of the care sheet
	KindDischarge       Kind = 66 // the stay ended
)

// newStayBody is NewBody for those kinds.
func newStayBody(k Kind) any {
	switch k {
	case KindEmergencyNotice:
		return new(EmergencyNotice)
	case KindStay:
		return new(Stay)
	case KindCare:
		return new(Care)
	case KindDischarge:
		return new(Discharge)
	}
	return nil
}

// OfStay reports whether the kind is one of an emergency or a stay: documents that
// only some visits have.
func (k Kind) OfStay() bool {
	return k == KindEmergencyNotice || k == KindStay || k == KindCare || k == KindDischarge
}
