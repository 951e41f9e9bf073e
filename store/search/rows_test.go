package search_test

import (
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/starting"
	"clinicbox/internal/entry"
)

// TestRowsAreSmall: every row that the program brings is an entry of a few hundred bytes.
func TestRowsAreSmall(t *testing.T) {
	rows, err := starting.Rows()
	if err != nil {
		t.Fatal(err)
	}
	sum, most, code := 0, 0, ""
	for i := range rows {
		b, err := entry.Encode(clinic.Draft{Kind: clinic.KindCatalogRow, Body: &rows[i], Event: time.Unix(1_790_000_000, 0)}, clinic.ID{8}, clinic.ID{9}, 7<<16, true)
		if err != nil {
			t.Fatal(err)
		}
		if sum += len(b); len(b) > most {
			most, code = len(b), rows[i].Code
		}
	}
	t.Logf("%d rows: %d bytes on average, %d at most (%s)", len(rows), sum/len(rows), most, code)
	if sum/len(rows) > 300 || most > 700 {
		t.Error("too large")
	}
}
