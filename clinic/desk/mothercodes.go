package desk

// The refusals about pregnancy and birth.
const (
	CodePregnancyOpen   Code = "pregnancy.open"    // one is followed already
	CodePregnancyNone   Code = "pregnancy.none"    // none holds on the visit's day: record it first
	CodePregnancyDate   Code = "pregnancy.date"    // Field; no day, in the future, or too long ago
	CodePregnancyDating Code = "pregnancy.dating"  // Field; neither period nor ultrasound, and nobody said that they are unknown
	CodePregnancyPara   Code = "pregnancy.para"    // Field; not four digits
	CodePregnancyBirth  Code = "pregnancy.birth"   // a delivery ended it: that is what changes
	CodeAntenatalAsk    Code = "antenatal.ask"     // Field; the danger signs come first
	CodeBirthWhen       Code = "birth.when"        // Field; in the future, or before the mother's birth
	CodeBirthRecord     Code = "birth.record"      // Args: n; the child has a record already: it stays
	CodeBirthThere      Code = "birth.there"       // a birth stands in the visit: it cannot end as unseen
	CodeBirthKept       Code = "birth.kept"        // the child has its record already
	CodeBirthNoRecord   Code = "birth.no-record"   // the child's record comes before its certificate
	CodeBirthStill      Code = "birth.still"       // not born alive: no certificate
	CodeCertThere       Code = "certificate.there" // the child has one: replace it
	CodeCertNone        Code = "certificate.none"  // no such certificate in the visit
	CodeCertUnsigned    Code = "certificate.sign"  // not signed yet
	CodeCertReplaced    Code = "certificate.newer" // another one took its place
	CodeCertChild       Code = "certificate.other" // Field; it would take the place of another child's
	CodeCertNoBirth     Code = "certificate.birth" // the birth was taken back
	CodeCertDiffers     Code = "certificate.old"   // the birth says something else since: replace it
	CodeCertMother      Code = "certificate.lacks" // Field; the paper must say who bore the child, and who received it
)

func motherCodes() []Code {
	return []Code{
		CodePregnancyOpen, CodePregnancyNone, CodePregnancyDate, CodePregnancyDating, CodePregnancyPara, CodePregnancyBirth,
		CodeAntenatalAsk, CodeBirthWhen, CodeBirthRecord, CodeBirthThere, CodeBirthKept, CodeBirthNoRecord, CodeBirthStill,
		CodeCertThere, CodeCertNone, CodeCertUnsigned, CodeCertReplaced, CodeCertChild, CodeCertNoBirth, CodeCertDiffers, CodeCertMother,
	}
}
