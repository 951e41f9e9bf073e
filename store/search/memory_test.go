package search_test

import (
	"runtime"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/starting"
	"clinicbox/store/search"
)

// BenchmarkCommunes measures what the largest starting catalogue costs when it is first
// asked for, and in memory once it was searched.
func BenchmarkCommunes(b *testing.B) {
	day := clinic.Date{Year: 2026, Month: 11, Day: 1}
	var before, row, found runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		x := search.NewCatalogs(nil, starting.Of)
		if r, ok := x.Row(clinic.CatalogCommune, "22736", day); !ok || r.Name != "Đặc khu Trường Sa" {
			b.Fatal(r)
		}
		runtime.GC()
		runtime.ReadMemStats(&row)
		if len(x.Find(clinic.CatalogCommune, "truong sa", day, 5)) == 0 {
			b.Fatal("not found")
		}
		runtime.GC()
		runtime.ReadMemStats(&found)
		runtime.KeepAlive(x)
	}
	b.ReportMetric(float64(row.HeapAlloc-before.HeapAlloc)/1e6, "MB/loaded")
	b.ReportMetric(float64(found.HeapAlloc-before.HeapAlloc)/1e6, "MB/searched")
}
