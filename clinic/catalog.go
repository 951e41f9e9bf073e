package clinic

import (
	"reflect"
	"slices"
	"strings"
)

// The catalogues that exist. A row is chosen by code and by the visit's day.
const (
	CatalogProvince   = "province"   // 34 and the 63 before; Parent of an old one: the successor
	CatalogCommune    = "commune"    // Parent: the province; of an old one: the successors, with spaces between
	CatalogEthnic     = "ethnic"     // MA_DANTOC
	CatalogOccupation = "occupation" // Parent: MA_NGHE_NGHIEP
	CatalogICD10      = "icd10"
	CatalogMedicine   = "medicine"   // MA_THUOC
	CatalogService    = "service"    // what is charged
	CatalogLabTest    = "labtest"    // Parent: the panel that the test belongs to
	CatalogDepartment = "department" // MA_KHOA
	CatalogFacility   = "facility"   // MA_CSKCB; Parent: the province
	CatalogRetention  = "retention"  // how long records must be kept
	CatalogSupply     = "supply"     // MA_VAT_TU: gauze, syringes, and what else is used up
	CatalogStockRule  = "stockrule"  // numbers of days that lists of stock go by: Minimum
	CatalogRxDays     = "rxdays"     // days that a prescription may be for (RxDays)
	CatalogDosage     = "dosage"     // usual doses; Parent: the medicine (Dosages)
	// CatalogTradIllness are illnesses of traditional medicine (MA_BENH_YHCT); Applies: the
	// ICD-10 codes that usually stand beside them.
	CatalogTradIllness = "tradillness"
	CatalogNotifiable  = "notifiable" // diseases that must be reported: Applies, FlagNow
	CatalogBed         = "bed"        // beds of the station (^[HTCK]\d{3}$); Parent: the room, in words
	CatalogCareRule    = "carerule"   // numbers that notices and stays go by: Minimum
)

// CatalogNames returns the catalogues that people keep by import, in the order of lists.
func CatalogNames() []string {
	return []string{
		CatalogMedicine, CatalogSupply, CatalogService, CatalogICD10, CatalogLabTest, CatalogDepartment, CatalogFacility,
		CatalogProvince, CatalogCommune, CatalogEthnic, CatalogOccupation, CatalogRetention, CatalogStockRule, CatalogNotifiable,
		CatalogInteraction, CatalogAllergyClass, CatalogDoseLimit, CatalogCaution, CatalogRxDays, CatalogDosage, CatalogTradIllness,
		CatalogVaccine, CatalogSchedule, CatalogProgramme, CatalogBed, CatalogCareRule, CatalogAntenatal, CatalogHealthBook, CatalogHealthCheck,
	}
}

// Flags of rows. A row may have others, which are kept and shown as they are.
const (
	FlagOld          = "old"       // an administrative unit that no longer is
	FlagFree         = "free"      // charged with 0 đ; any other row without a price cannot be billed
	FlagNoMain       = "nomain"    // ICD-10: not as main diagnosis
	FlagPoorMain     = "poormain"  // ICD-10: discouraged as main diagnosis
	FlagNever        = "never"     // ICD-10: a heading, not to be used
	FlagDeathOnly    = "deathonly" // ICD-10: cause of death only
	FlagFemale       = "female"    // ICD-10: women only
	FlagMale         = "male"      // ICD-10: men only
	FlagNarcotic     = "narcotic"  // medicines
	FlagPsychotropic = "psychotropic"
	FlagToxic        = "toxic"
	FlagBiologic     = "biologic"
	FlagCombination  = "combination"
	FlagTraditional  = "traditional" // medicines, and services: treatments of traditional medicine
	FlagHerb         = "herb"        // medicines: vị thuốc cổ truyền, prescribed by the packet
	FlagOTC          = "otc"
	FlagGeneric      = "generic" // the name is that of the substances, not a brand
	FlagBeds         = "beds"    // a facility that keeps patients overnight
)

// CatalogRow is the body of KindCatalogRow: one row of dated reference data.
type CatalogRow struct {
	Catalog string `cbor:"1,keyasint" json:"catalog"`
	Code    string `cbor:"2,keyasint" json:"code"`
	Name    string `cbor:"3,keyasint" json:"name"`                        // Vietnamese
	English string `cbor:"4,keyasint,omitempty" json:"english,omitempty"` // English; for medicines the INN
	From    Date   `cbor:"5,keyasint" json:"from"`                        // first day of validity
	To      Date   `cbor:"6,keyasint,omitempty" json:"to,omitzero"`       // last day; zero = open
	Version string `cbor:"7,keyasint,omitempty" json:"version,omitempty"`
	Source  string `cbor:"8,keyasint,omitempty" json:"source,omitempty"`
	// Medicines and services.
	Strength string `cbor:"9,keyasint,omitempty" json:"strength,omitempty"`
	Form     string `cbor:"10,keyasint,omitempty" json:"form,omitempty"`
	Unit     string `cbor:"11,keyasint,omitempty" json:"unit,omitempty"`
	Route    string `cbor:"12,keyasint,omitempty" json:"route,omitempty"`
	ATC      string `cbor:"13,keyasint,omitempty" json:"atc,omitempty"`
	Price    Dong   `cbor:"14,keyasint,omitempty" json:"price,omitempty"`
	// Retention.
	Years   int    `cbor:"15,keyasint,omitempty" json:"years,omitempty"`   // after the end of the visit's year
	Applies string `cbor:"16,keyasint,omitempty" json:"applies,omitempty"` // beginnings of ICD-10 codes, or *
	// Any catalogue.
	Parent string `cbor:"17,keyasint,omitempty" json:"parent,omitempty"` // codes that this one belongs to, spaces between
	Flags  string `cbor:"18,keyasint,omitempty" json:"flags,omitempty"`  // words with spaces between: Flag…
	// Medicines and services, as the insurance tables name them (Decision 4750/QĐ-BYT).
	Registration string `cbor:"20,keyasint,omitempty" json:"registration,omitempty"` // SO_DANG_KY
	Tender       string `cbor:"21,keyasint,omitempty" json:"tender,omitempty"`       // TT_THAU
	Group        string `cbor:"22,keyasint,omitempty" json:"group,omitempty"`        // MA_NHOM
	Insured      int    `cbor:"23,keyasint,omitempty" json:"insured,omitempty"`      // TYLE_TT_BH, percent; 0 = not paid
	// Lab tests.
	Ranges []RefRange `cbor:"24,keyasint,omitempty" json:"ranges,omitempty"`
	Value  ValueForm  `cbor:"25,keyasint,omitempty" json:"value,omitempty"`
	// Of the safety checks.
	Substances []Substance `cbor:"19,keyasint,omitempty" json:"substances,omitempty"` // of a medicine
	Rule       *Rule       `cbor:"26,keyasint,omitempty" json:"rule,omitempty"`
	// Medicines and supplies in stock.
	Pack    int    `cbor:"27,keyasint,omitempty" json:"pack,omitempty"`    // units in a box
	GTIN    string `cbor:"28,keyasint,omitempty" json:"gtin,omitempty"`    // of its boxes, 14 digits each, spaces between
	Minimum int    `cbor:"29,keyasint,omitempty" json:"minimum,omitempty"` // units below which stock is low; 0 = by what is used. Of a rule: days
	// Schedules.
	Timing string `cbor:"30,keyasint,omitempty" json:"timing,omitempty"` // ParseTiming
	// A usual dose, as ParseDosage reads it.
	Dosage string `cbor:"31,keyasint,omitempty" json:"dosage,omitempty"`
	// What counts as controlled in a programme, as ParseLimits reads it.
	Limits string `cbor:"32,keyasint,omitempty" json:"limits,omitempty"`
	// ValidFor is how many days a result stands; 0 = DefaultValidDays.
	ValidFor int    `cbor:"33,keyasint,omitempty" json:"validFor,omitempty"`
	Possible string `cbor:"34,keyasint,omitempty" json:"possible,omitempty"` // ParsePossible: what a device can show
	Units    string `cbor:"35,keyasint,omitempty" json:"units,omitempty"`    // ParseUnits: others that it is read in
}

// ValidOn reports whether the row may be used on the day.
func (r *CatalogRow) ValidOn(d Date) bool {
	return !d.Before(r.From) && (r.To.IsZero() || !r.To.Before(d))
}

// Has reports whether the row carries the flag.
func (r *CatalogRow) Has(flag string) bool {
	return slices.Contains(strings.Fields(r.Flags), flag)
}

// Withdraw makes the row one that holds on no day: a row cannot be deleted.
func (r *CatalogRow) Withdraw() { r.To = r.From.AddDays(-1) }

// Withdrawn reports whether the row holds on no day.
func (r *CatalogRow) Withdrawn() bool { return !r.To.IsZero() && r.To.Before(r.From) }

// Equal reports whether the rows say the same, also on the same days.
func (r *CatalogRow) Equal(o *CatalogRow) bool {
	a, b := *r, *o
	same := slices.Equal(a.Ranges, b.Ranges) && slices.Equal(a.Substances, b.Substances)
	a.Ranges, b.Ranges, a.Substances, b.Substances = nil, nil, nil, nil
	return same && reflect.DeepEqual(&a, &b)
}
