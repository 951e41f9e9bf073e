package boxmain

import (
	"testing"

	"clinicbox/clinic"
	"clinicbox/internal/checkpoint"
	"clinicbox/store"
	"clinicbox/store/storetest"
)

// BenchmarkVerify proves one record of a log of about 100,000 entries of the invented
// clinic: every entry is read, and the tree computed anew. It tells the highest heap.
func BenchmarkVerify(b *testing.B) {
	o := storetest.Options(b.TempDir())
	from := storetest.Start(b, o)
	storetest.Fill(b, from, storetest.Population{Patients: 12_000, Visits: 9_600})
	if _, err := from.Own().Checkpoint(); err != nil {
		b.Fatal(err)
	}
	if err := from.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		high := watchHeap()
		x := &gathered{q: question{ref: &clinic.Ref{Journal: clinic.Own, Index: 5000}}, staff: map[clinic.ID]clinic.Record{}}
		o.Seen = x.see
		var err error
		if x.Audited, err = store.Audit(b.Context(), o); err != nil {
			b.Fatal(err)
		}
		c, err := checkpoint.Unverified(x.SignedNote)
		if err != nil {
			b.Fatal(err)
		}
		x.signed = &c
		x.states = make([]clinic.SignatureState, len(x.signs.signed)) // judged by BenchmarkSignCheck
		if v := x.verdicts(); len(v) != 1 || !v[0].signed {
			b.Fatal(v)
		}
		b.ReportMetric(float64(x.Own), "entries")
		b.ReportMetric(float64(high())/1e6, "MB/heap")
	}
}
