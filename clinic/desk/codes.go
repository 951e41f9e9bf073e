package desk

// Code is a stable key of a message for people. The text in each language says
// what happened, what was kept, and what to do next.
type Code string

// Every code a use case may answer with.
const (
	// Who asks.
	CodePINWrong     Code = "pin.wrong"     // Args: left
	CodePINWait      Code = "pin.wait"      // Args: seconds
	CodePINLocked    Code = "pin.locked"    // somebody with the right must unlock
	CodePINStrangers Code = "pin.strangers" // too many from browsers that the person never used
	CodePINUnset     Code = "pin.unset"     // no PIN on this box
	CodePINWeak      Code = "pin.weak"      // a new PIN that is guessed first
	CodePINLength    Code = "pin.length"    // a new PIN has 6 digits
	CodePINHelp      Code = "pin.help"      // another doctor or administrator must do it; an administrator's PIN: another administrator
	CodeNoPerson     Code = "staff.none"    // not a member of the staff, or left
	CodeNotAllowed   Code = "role.denied"   // Args: role
	CodeStaffName    Code = "staff.name"    // a person needs a name
	CodeStaffRole    Code = "staff.role"    // no such role
	CodeStaffTwin    Code = "staff.twin"    // somebody of that name and role works here: is it another person?
	CodeStaffLast    Code = "staff.last"    // the last administrator cannot leave

	// Signing keys.
	CodeKeyOwn     Code = "key.own"     // nobody confirms their own key
	CodeKeyNone    Code = "key.none"    // no key waits to be confirmed
	CodeKeyRevoked Code = "key.revoked" // signs nothing any more: a new PIN brings a new key
	CodeKeyVoucher Code = "key.voucher" // the caller's own key is not confirmed

	// Forms.
	CodeFormStale      Code = "form.stale"      // the same act came with other content
	CodeFormAct        Code = "form.act"        // the form carries no act ID
	CodeMixed          Code = "form.mixed"      // the visit belongs to another patient
	CodeChanged        Code = "form.changed"    // somebody saved another version meanwhile
	CodeWhy            Code = "form.why"        // a signed document changes only with a reason
	CodeTooLong        Code = "form.too-long"   // Field; Args: max
	CodeRequired       Code = "form.required"   // Field
	CodeText           Code = "form.text"       // Field: characters that are no text
	CodeTooMany        Code = "form.too-many"   // Field; Args: max
	CodeValue          Code = "form.value"      // Field; Args: problem (clinic.Problems) and its own
	CodeNothing        Code = "form.nothing"    // an empty form
	CodeClockUntrusted Code = "clock.untrusted" // dates are not trusted: nothing is signed or printed
	CodeStoreReadOnly  Code = "store.readonly"  // the disk takes nothing at all: the same
	CodeStoreFull      Code = "store.full"      // no room: nothing of the form is saved, reading goes on

	// Patients.
	CodeNoPatient     Code = "patient.none"
	CodeDuplicates    Code = "patient.duplicates"   // Found: who it may be
	CodeNumberTaken   Code = "patient.number-taken" // Field; Found: who has the number
	CodeBirth         Code = "patient.birth"        // not a date, in the future, or over 130 years ago
	CodeBirthTime     Code = "patient.birth-time"   // no time of day, or in the future
	CodeBornGrams     Code = "patient.born-grams"   // Args: low, high
	CodeBornOrder     Code = "patient.born-order"   // the third of two
	CodeMotherMale    Code = "patient.mother-male"
	CodeMotherSelf    Code = "patient.mother-self"   // the mother is the child, or descends from it
	CodeMotherAge     Code = "patient.mother-age"    // Args: age, of the mother at the birth
	CodeLinkSaid      Code = "patient.link-said"     // somebody said that other records of the two are of two people
	CodeSex           Code = "patient.sex"           // no such value
	CodeName          Code = "patient.name"          // no name of a person
	CodeNumberLength  Code = "find.number-length"    // Args: digits
	CodeScanUnknown   Code = "scan.unknown"          // a code of something else, or damaged
	CodeScanSlipNone  Code = "scan.slip-none"        // a slip that this box does not know
	CodeScanSlipUsed  Code = "scan.slip-used"        // Visit: that used it
	CodeScanSlipVoid  Code = "scan.slip-void"        // a later appointment replaced it
	CodeScanPaperNone Code = "scan.paper-none"       // a paper of a record that is not here
	CodeSlipOther     Code = "scan.slip-other"       // the slip belongs to another patient
	CodeAllergyNeeds  Code = "allergies.needs-item"  // asked is not said and nothing is listed
	CodeSeriesFull    Code = "series.full"           // Args: series
	CodeAlreadyQueued Code = "visit.already-waiting" // Visit: that waits

	// Protected records.
	CodeProtected  Code = "protected.closed" // opens with a reason only
	CodeOwnOpening Code = "protected.own"    // who opened it cannot acknowledge it

	// Visits.
	CodeNoVisit        Code = "visit.none"
	CodeVisitEnded     Code = "visit.ended"
	CodeVisitSigned    Code = "visit.signed"         // a signed visit cannot be ended as unseen
	CodeImpossible     Code = "vitals.impossible"    // Field; Args: value, low, high, unit
	CodeUnusual        Code = "vitals.unusual"       // Field; Args: value, low, high, unit; confirm
	CodePressurePair   Code = "vitals.pressure-pair" // both pressures or none
	CodePressureOrder  Code = "vitals.pressure-order"
	CodeWeeks          Code = "vitals.weeks"    // Field: 1 to 42, and only of a pregnancy
	CodeICDForm        Code = "icd.form"        // Field; Args: code
	CodeICDNone        Code = "icd.none"        // Field; Args: code
	CodeICDMain        Code = "icd.main"        // Field; Args: code; not as main diagnosis
	CodeICDNever       Code = "icd.never"       // Field; Args: code; a heading, or a cause of death only
	CodeICDSex         Code = "icd.sex"         // Field; Args: code, sex; of the other sex only
	CodeICDTwice       Code = "icd.twice"       // Field; Args: code
	CodeDrugNone       Code = "drug.none"       // Field; Args: code
	CodeDrugTwice      Code = "drug.twice"      // Field
	CodeDrugMeasure    Code = "drug.measure"    // Field; Args: measure, unit, strength; the dose cannot be said so
	CodeRxApart        Code = "rx.apart"        // Field; narcotics and psychotropics stand on prescriptions of their own
	CodeHerbPackets    Code = "herb.packets"    // Field; how many packets of the herbs
	CodeHerbDose       Code = "herb.dose"       // Field; grams a packet, the packets are said once for all
	CodeHerbNone       Code = "herb.none"       // Field; packets of no herb
	CodeTradNone       Code = "trad.none"       // Field; Args: code; no such illness or treatment on that day
	CodeRxBeds         Code = "rx.beds"         // Field; narcotics only where patients stay
	CodeRxDays         Code = "rx.days"         // Field; Args: max; more days than the diagnosis allows
	CodeRxDaysNone     Code = "rx.days-none"    // Field; Args: max; no row of the catalogue says how many
	CodeRxWeight       Code = "rx.weight"       // a child under 72 months must be weighed
	CodeRxCompanion    Code = "rx.companion"    // who came with the child
	CodeRxBirth        Code = "rx.birth"        // the birth date does not tell the months
	CodeRxUnsigned     Code = "rx.unsigned"     // sign before printing
	CodeRxReplaced     Code = "rx.replaced"     // another one took its place
	CodeRxNone         Code = "rx.none"         // no such prescription
	CodeDrugRange      Code = "drug.range"      // Field; Args: low, high
	CodeDrugSafety     Code = "drug.safety"     // Field; Args: finding (its key), vi, en; needs an override
	CodeBillNone       Code = "bill.none"       // Field; Args: code
	CodeBillPrice      Code = "bill.price"      // Field; Args: code; no price on the visit's day
	CodeBillChanged    Code = "bill.changed"    // Field; Args: code, old, new; the catalogue says another price since
	CodeNoCatalog      Code = "catalog.none"    // no such catalogue, row or import
	CodeImportBad      Code = "import.bad"      // errors in the file
	CodeImportSure     Code = "import.sure"     // Field; warnings that nobody confirmed
	CodeOldAsk         Code = "old.ask"         // rows that may be of somebody known wait for an answer
	CodePaperFuture    Code = "paper.future"    // Field: when the paper was written has not come
	CodePaperUnborn    Code = "paper.unborn"    // Field: … is before the birth
	CodePaperBy        Code = "paper.by"        // Field: nobody of the staff who cares for patients
	CodeWithdrawn      Code = "old.withdrawn"   // the import that made the record was taken back
	CodeBillRange      Code = "bill.range"      // Field
	CodeDuePast        Code = "appoint.past"    // the day must come after today
	CodeDueFar         Code = "appoint.far"     // more than 400 days ahead
	CodeHour           Code = "appoint.hour"    // not HH:MM
	CodeAppointUsed    Code = "appoint.used"    // the slip was used: it cannot change
	CodeAppointNone    Code = "appoint.none"    // nothing to print
	CodeSignIncomplete Code = "sign.incomplete" // examination and diagnosis must be there
	CodeSignNothing    Code = "sign.nothing"    // everything is signed
	CodeSignSeen       Code = "sign.seen"       // documents changed since the page was shown
	CodeSignSafety     Code = "sign.safety"     // Args: vi, en; known since it was prescribed
	CodeCodeNone       Code = "code.none"       // has papers: no temporary code to print
	CodePrintQueue     Code = "print.queue"     // saved, but the print queue did not take it
	CodeLost           Code = "lost.paper"      // what it needs can no longer be read: nothing is printed
	CodeAllergiesLost  Code = "lost.allergies"  // what was recorded of allergies cannot be read: ask again first

	// Stock. Those that ask carry Args["confirm"] for the form's Confirmed.
	CodeStockNone        Code = "stock.none"           // Field; Args: code; no such row of a catalogue, or never on this shelf
	CodeStockRange       Code = "stock.range"          // Field; Args: max
	CodeStockShort       Code = "stock.short"          // Field; Args: lot, booked, asked, unit; the books have less
	CodeStockTwice       Code = "stock.twice"          // Field; Args: lot; two lines of one batch
	CodeStockExpired     Code = "stock.expired"        // Field; Args: lot, day
	CodeStockUnchecked   Code = "stock.unchecked"      // Field; Args: lot; neither scanned nor compared
	CodeStockAgain       Code = "stock.again"          // asks; Args: lot, name, quantity, unit; received already
	CodeStockLot         Code = "stock.lot-expiry"     // asks; Args: lot, day, typed; known with another last day
	CodeStockNear        Code = "stock.near"           // asks; Args: lot, day
	CodeStockPrice       Code = "stock.price"          // asks; Args: name, price, row, unit; far from the catalogue's
	CodeStockDiffers     Code = "stock.differs"        // asks; Args: lot, sent, quantity, unit; not what the paper says
	CodeStockEarlier     Code = "stock.earlier"        // asks; Args: lot, earlier, day; another batch expires first
	CodeCountFar         Code = "stock.far"            // asks; Args: name, lot, booked, found, unit; far from the books
	CodeCountOld         Code = "stock.count-old"      // the page is of yesterday: count again
	CodeTransferCode     Code = "stock.transfer"       // Field; no number of a transfer paper
	CodeScanGoods        Code = "scan.goods"           // goods or a paper of stock: belongs to the pages of stock
	CodeScanNotGoods     Code = "scan.no-goods"        // a code of something else than goods
	CodeDispenseNone     Code = "dispense.none"        // no prescription in the visit
	CodeDispenseUnsigned Code = "dispense.unsigned"    // not signed yet, or changed since it was
	CodeDispenseChanged  Code = "dispense.changed"     // another version was saved since the page was shown
	CodeDispenseOther    Code = "dispense.other"       // Field; Args: code; not prescribed
	CodeDispenseMore     Code = "dispense.more"        // Field; Args: name, left, unit; more than is left of the line
	CodeDispensePrice    Code = "dispense.price"       // Field; Args: name, price; not a price of the catalogue
	CodeReturnMore       Code = "dispense.return-more" // Field; Args: lot, has, unit; more than the visit handed out

	// Vaccines.
	CodeDoseAsk      Code = "dose.ask"            // Field; the questions come before the dose
	CodeDoseNone     Code = "dose.none"           // Field; nothing is chosen
	CodeDoseOutcome  Code = "dose.outcome"        // Field; doses, and an outcome without any
	CodeDoseBatch    Code = "dose.batch"          // Field; the batch is missing
	CodeDoseVaccine  Code = "dose.vaccine"        // Field; no such vaccine, or not for that dose
	CodeDoseSigns    Code = "dose.signs"          // Field; a sign was found, and a dose given; confirm
	CodeDoseEarly    Code = "dose.early"          // Field; Args: name, day; confirm
	CodeDoseTwice    Code = "dose.twice"          // Field; Args: name, day; confirm
	CodeDoseShort    Code = "dose.short"          // Field; Args: name, lot, booked; the shelf has no dose of the batch; confirm
	CodeDoseOver     Code = "dose.over"           // Field; Args: name, day; the batch expired; confirm
	CodeDoseOld      Code = "dose.old"            // Field; Args: name; too old for it; confirm
	CodeDoseThere    Code = "dose.there"          // doses stand in the visit: it cannot end as unseen
	CodeDoseDay      Code = "dose.day"            // Field; before the birth, or not over yet
	CodeReaction     Code = "reaction.what"       // Field; nothing was seen and something was, or neither
	CodeReactionNone Code = "reaction.none-given" // nothing was given at the visit

	// Reports.
	CodeReportOpen  Code = "report.open"  // the month is not over
	CodeReportSeen  Code = "report.seen"  // the figures changed since the page was shown
	CodeReportOther Code = "report.other" // Field; Args: box; another box handed the month in; confirm
	// Deaths.
	CodeDied       Code = "death.died"  // the person died: no new visit, no second death
	CodeDeathDay   Code = "death.when"  // Field; no day, in the future, or before the birth
	CodeDeathCause Code = "death.cause" // Field; at least one cause
	// Emergencies, stays, visits outside.
	CodeBedTaken    Code = "stay.taken"   // Field; Args: bed; somebody else lies there
	CodeStayNone    Code = "stay.none"    // nobody was put into a bed
	CodeStayOver    Code = "stay.over"    // Field; the patient went before that
	CodeStayGone    Code = "stay.gone"    // the patient went: no bed any more
	CodeStayOnly    Code = "stay.only"    // the patient went from it: the discharge is taken back first
	CodeStayBack    Code = "stay.back"    // Args: bed; without it the patient lies there, and somebody else does
	CodeStayTime    Code = "stay.time"    // Field; before it could be, or not yet
	CodeStayDied    Code = "stay.died"    // Field; the death must be recorded first
	CodeStayDead    Code = "stay.dead"    // Field; a death stands in the visit
	CodeLying       Code = "stay.lying"   // Visit; the patient lies in a bed
	CodeGiveAgain   Code = "give.again"   // Args: name, n; given since the page was shown
	CodeTripMinutes Code = "trip.minutes" // Field
	// The health book, health checks.
	CodePastYear      Code = "book.year"      // Field; before the birth, or in the future
	CodeBookCopy      Code = "book.copy"      // no copy of the sheet was made under this address
	CodeCheckWords    Code = "check.words"    // Field; Args: name; something was found, and nothing says what
	CodeCheckParts    Code = "check.parts"    // Field; no part was examined
	CodeCheckNext     Code = "check.next"     // Field; no day after the visit
	CodeCheckNone     Code = "check.none"     // nothing to print: no health check, or another version
	CodeCheckUnsigned Code = "check.unsigned" // nobody confirmed it
	// Tests.
	CodeLabNone       Code = "lab.none"       // Field; Args: code; no such test on the day
	CodeLabValid      Code = "lab.valid"      // Args: test, code, date, value; a result still stands; confirm
	CodeLabWaits      Code = "lab.waits"      // Args: test, code, date; ordered already; confirm
	CodeLabTaken      Code = "lab.taken-test" // Args: test; a sample of it was taken: it cannot be left out
	CodeLabDone       Code = "lab.done"       // Field; Args: test; it has a result
	CodeLabImpossible Code = "lab.impossible" // Field; Args: test, value, unit, low, high, of
	CodeLabOtherUnit  Code = "lab.other-unit" // the same and other
	CodeLabUnit       Code = "lab.unit"       // Field; Args: test, units
	CodeLabCritical   Code = "lab.critical"   // Field; Args: test, code, value, range; confirm
	CodeLabNote       Code = "lab.note"       // Field; a critical result: what was done?
	CodeSampleNone    Code = "lab.no-sample"  // no sample with the number

	// Legal signatures.
	CodeLegalNone     Code = "legal.none"     // no legal document of this visit, or one without a number
	CodeLegalOld      Code = "legal.old"      // it was corrected since
	CodeLegalUnsigned Code = "legal.unsigned" // not confirmed with the PIN yet
	CodeLegalDone     Code = "legal.done"     // signed already
	CodeLegalCentre   Code = "legal.centre"   // the centre signs nothing for this box
	CodeLegalBad      Code = "legal.bad"      // Field; Args: problem (clinic.LegalProblems)
)

// Codes lists every code, for the catalogues of words.
func Codes() []Code {
	return append(motherCodes(),
		CodePINWrong, CodePINWait, CodePINLocked, CodePINStrangers, CodePINUnset, CodeKeyOwn, CodeKeyNone, CodeKeyVoucher, CodeKeyRevoked,
		CodePINWeak, CodePINLength, CodePINHelp, CodeNoPerson, CodeNotAllowed,
		CodeStaffName, CodeStaffRole, CodeStaffTwin, CodeStaffLast, CodeFormStale,
		CodeFormAct, CodeMixed, CodeChanged, CodeWhy,
		CodeTooLong, CodeRequired, CodeText, CodeTooMany,
		CodeValue, CodeNothing, CodeClockUntrusted, CodeStoreFull, CodeStoreReadOnly, CodeNoPatient,
		CodeBirthTime, CodeBornGrams, CodeBornOrder, CodeMotherMale, CodeMotherSelf, CodeMotherAge,
		CodeDuplicates, CodeNumberTaken, CodeLinkSaid, CodeBirth, CodeSex,
		CodeName, CodeNumberLength, CodeScanUnknown, CodeScanSlipNone,
		CodeScanSlipUsed, CodeScanSlipVoid, CodeScanPaperNone, CodeSlipOther, CodeAllergyNeeds,
		CodeSeriesFull, CodeAlreadyQueued, CodeNoVisit, CodeVisitEnded,
		CodeVisitSigned, CodeImpossible, CodeUnusual, CodePressurePair,
		CodePressureOrder, CodeWeeks, CodeICDForm, CodeICDNone, CodeICDTwice, CodeICDMain, CodeICDNever, CodeICDSex,
		CodeDrugMeasure, CodeRxApart, CodeHerbPackets, CodeHerbDose, CodeHerbNone, CodeTradNone, CodeRxBeds, CodeRxDays, CodeRxDaysNone, CodeRxWeight, CodeRxCompanion, CodeRxBirth,
		CodeRxUnsigned, CodeRxReplaced, CodeRxNone,
		CodeDrugNone, CodeDrugTwice, CodeDrugRange, CodeDrugSafety,
		CodeBillNone, CodeBillRange, CodeBillPrice, CodeBillChanged, CodeNoCatalog, CodeImportBad, CodeImportSure, CodeOldAsk, CodeWithdrawn, CodePaperFuture, CodePaperUnborn, CodePaperBy, CodeDuePast, CodeDueFar,
		CodeHour, CodeAppointUsed, CodeAppointNone, CodeSignIncomplete,
		CodeProtected, CodeOwnOpening,
		CodeLost, CodeAllergiesLost,
		CodeSignNothing, CodeSignSeen, CodeSignSafety, CodePrintQueue, CodeCodeNone,
		CodeStockNone, CodeStockRange, CodeStockShort, CodeStockTwice, CodeStockExpired, CodeStockUnchecked, CodeStockAgain, CodeStockLot, CodeStockNear, CodeStockPrice, CodeStockDiffers, CodeStockEarlier,
		CodeCountFar, CodeCountOld, CodeTransferCode, CodeScanGoods, CodeScanNotGoods, CodeDispenseNone, CodeDispenseUnsigned, CodeDispenseChanged, CodeDispenseOther, CodeDispenseMore, CodeDispensePrice, CodeReturnMore,
		CodeDoseAsk, CodeDoseNone, CodeDoseOutcome, CodeDoseBatch, CodeDoseVaccine, CodeDoseSigns, CodeDoseEarly, CodeDoseTwice, CodeDoseOver, CodeDoseShort,
		CodeDoseOld, CodeDoseThere, CodeDoseDay, CodeReaction, CodeReactionNone,
		CodeReportOpen, CodeReportSeen, CodeReportOther,
		CodeDied, CodeDeathDay, CodeDeathCause,
		CodeBedTaken, CodeStayNone, CodeStayOver, CodeStayGone, CodeStayOnly, CodeStayBack, CodeStayTime, CodeStayDied, CodeStayDead, CodeLying, CodeGiveAgain, CodeTripMinutes,
		CodePastYear, CodeBookCopy, CodeCheckWords, CodeCheckParts, CodeCheckNext, CodeCheckNone, CodeCheckUnsigned,
		CodeLabNone, CodeLabValid, CodeLabWaits, CodeLabTaken, CodeLabDone, CodeLabImpossible, CodeLabOtherUnit,
		CodeLabUnit, CodeLabCritical, CodeLabNote, CodeSampleNone,
		CodeLegalNone, CodeLegalOld, CodeLegalUnsigned, CodeLegalDone, CodeLegalCentre, CodeLegalBad,
	)
}
