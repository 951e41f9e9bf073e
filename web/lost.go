package web

import "clinicbox/clinic"

// LostView is a note about entries that can no longer be read.
type LostView struct {
	Title string // message key
	Holes []clinic.Hole
}

func lostView(title string, holes []clinic.Hole) LostView { return LostView{title, holes} }

// lostName is the message key of what an entry of the kind was.
func lostName(k clinic.Kind) string {
	if step := stepOf(k); step != "" {
		return "step." + step
	}
	switch k {
	case clinic.KindPatient:
		return "patient.details"
	case clinic.KindAllergies:
		return "patient.allergies"
	case clinic.KindVisit:
		return "lost.opening"
	case clinic.KindSigned:
		return "lost.signature"
	case clinic.KindVisitEnded:
		return "lost.ended"
	case clinic.KindLink:
		return "lost.link"
	case clinic.KindProtection:
		return "lost.protection"
	case clinic.KindLegalAsked, clinic.KindLegalSigned:
		return "legal.title"
	case clinic.KindResult:
		return "lost.result"
	case clinic.KindReviewed:
		return "lost.reviewed"
	case clinic.KindHealthBook:
		return "healthbook.title"
	case clinic.KindSample:
		return "lost.sample"
	case clinic.KindAttached:
		return "lost.attached"
	case clinic.KindArrived, clinic.KindPaper:
		return "lost.slip"
	case clinic.KindImmunised, clinic.KindReaction, clinic.KindDeath, clinic.KindTraditional:
		return "step." + stepOf(k)
	case clinic.KindPregnancy:
		return "pregnancy.title"
	case clinic.KindDispensed, clinic.KindReturned:
		return "lost.handed"
	}
	return "lost.other"
}
