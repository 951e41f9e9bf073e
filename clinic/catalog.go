package clinic

// The catalogues that exist. A row is chosen by code and by the visit's day.
const (
	CatalogICD10     = "icd10"     // names only; flags come with the full list
	CatalogMedicine  = "medicine"  // essential medicines
	CatalogService   = "service"   // what is charged
	CatalogRetention = "retention" // how long records must be kept
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
}

// ValidOn reports whether the row may be used on the day.
func (r *CatalogRow) ValidOn(d Date) bool {
	return !d.Before(r.From) && (r.To.IsZero() || !r.To.Before(d))
}
