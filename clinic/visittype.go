package clinic

// VisitType is what kind of visit it is: it decides which documents the visit's pages
// ask for, and which must be there before it is signed. Values are frozen.
type VisitType uint8

// The kinds of visit. Visits recorded before there were kinds are out-patient visits.
const (
	VisitOutpatient  VisitType = 0
	VisitEmergency   VisitType = 1 // cấp cứu: care first
	VisitStay        VisitType = 2 // nằm lưu at the station
	VisitHome        VisitType = 3 // at home, or with the mobile team
	VisitTraditional VisitType = 4 // y học cổ truyền
	VisitAntenatal   VisitType = 5
	VisitDelivery    VisitType = 6
	VisitVaccination VisitType = 7
	VisitHealthCheck VisitType = 8
	VisitChronic     VisitType = 9 // follow-up of a programme for chronic disease
	VisitDeath       VisitType = 10
)

// VisitTypes returns the kinds that are chosen from, in the order of pages.
func VisitTypes() []VisitType {
	return []VisitType{VisitOutpatient, VisitEmergency, VisitChronic, VisitAntenatal, VisitDelivery, VisitStay, VisitHome, VisitTraditional, VisitVaccination, VisitHealthCheck, VisitDeath}
}

// Known reports whether this program knows the kind.
func (t VisitType) Known() bool { return t <= VisitDeath }

// Documents returns the kinds of documents that the visit's pages ask for, in their
// order. A kind that is not known is treated as an out-patient visit: nothing is hidden
// that a doctor may need.
func (t VisitType) Documents() []Kind {
	switch t {
	case VisitTraditional:
		return []Kind{KindVitals, KindExam, KindOrder, KindDiagnosis, KindTraditional, KindPrescribe, KindBill, KindAppointment}
	case VisitVaccination:
		return []Kind{KindImmunised, KindReaction, KindAppointment}
	case VisitAntenatal:
		return []Kind{KindAntenatal, KindOrder, KindDiagnosis, KindPrescribe, KindBill, KindAppointment}
	case VisitDelivery:
		return []Kind{KindDelivery, KindBirthCertificate, KindVitals, KindDiagnosis, KindPrescribe, KindBill, KindAppointment}
	case VisitHealthCheck:
		return []Kind{KindVitals, KindHealthCheck, KindOrder, KindDiagnosis, KindPrescribe, KindBill, KindAppointment}
	case VisitDeath:
		return []Kind{KindExam, KindDeath, KindBill}
	case VisitEmergency:
		return []Kind{KindVitals, KindExam, KindOrder, KindDiagnosis, KindPrescribe, KindEmergencyNotice, KindBill, KindAppointment}
	case VisitStay:
		return []Kind{KindStay, KindVitals, KindExam, KindOrder, KindDiagnosis, KindPrescribe, KindCare, KindDischarge, KindBill, KindAppointment}
	}
	return []Kind{KindVitals, KindExam, KindOrder, KindDiagnosis, KindPrescribe, KindBill, KindAppointment}
}

// Needs returns the kinds of documents without which nobody signs the visit.
func (t VisitType) Needs() []Kind {
	switch t {
	case VisitTraditional:
		return []Kind{KindExam, KindDiagnosis, KindTraditional}
	case VisitVaccination:
		return []Kind{KindImmunised}
	case VisitAntenatal:
		return []Kind{KindAntenatal}
	case VisitDelivery:
		return []Kind{KindDelivery}
	case VisitHealthCheck:
		return []Kind{KindHealthCheck}
	case VisitDeath:
		return []Kind{KindDeath}
	case VisitEmergency:
		return []Kind{KindExam} // care comes first, words later
	case VisitStay:
		return []Kind{KindStay, KindExam, KindDiagnosis}
	}
	return []Kind{KindExam, KindDiagnosis}
}

// Type is the kind of the visit as it was last set.
func (v *VisitFile) Type() VisitType {
	if v.Visit == nil {
		return VisitOutpatient
	}
	return v.Visit.Type
}

// Opening is the entry that says last what the opening says: the base of a change. Its
// kind is zero while the opening is missing here.
func (v *VisitFile) Opening() *Record {
	if v.Retyped != nil {
		return v.Retyped
	}
	return &v.Opened
}

// retype takes what a later entry says of the kind, the urgency and the trip: everything
// else of an opening stays as it was, for the visit's key and place in the queue are on
// papers.
func (v *VisitFile) retype(r *Record, b *Visit) {
	if r.Corrects == (Leaf{}) || b.Key != v.Visit.Key {
		return
	}
	changed := *v.Visit
	changed.Type, changed.Triage, changed.Trip = b.Type, b.Triage, b.Trip
	v.Visit, v.Retyped = &changed, r
}
