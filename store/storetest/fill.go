package storetest

import (
	"context"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// Name invents a Vietnamese name with the usual frequencies of family names.
func Name(r *rand.Rand) string {
	family := strings.Fields("Nguyễn Nguyễn Nguyễn Nguyễn Nguyễn Nguyễn Trần Trần Lê Lê Phạm Hoàng Huỳnh Phan Vũ Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý")
	middle := strings.Fields("Văn Thị Thị Hữu Đức Minh Ngọc Thanh Quốc Xuân Hồng Kim Thu Gia")
	given := strings.Fields("An Ân Ánh Bình Bảo Chi Cường Dũng Dung Dương Đạt Giang Hà Hạnh Hải Hiền Hoà Hoa Hùng Hương Khoa Lan Linh Long Mai Minh Nam Nga Ngân Nhung Phúc Phương Quân Quang Sơn Tâm Thảo Thắng Thuý Tiến Trang Trí Tuấn Tú Vân Việt Vy Yến")
	pick := func(s []string) string { return s[r.IntN(len(s))] }
	name := pick(family) + " " + pick(middle) + " " + pick(given)
	if r.IntN(4) == 0 {
		name = pick(family) + " " + pick(middle) + " " + pick(given) + " " + pick(given)
	}
	return name
}

// Population says how many invented records Fill makes.
type Population struct{ Patients, Visits int }

// Fill saves an invented population: a patient is one entry, a visit three (opened,
// measured, diagnosed). It returns the patients. The same population has the same
// names and numbers each time.
func Fill(t testing.TB, s desk.Store, p Population) []clinic.ID {
	t.Helper()
	r := rand.New(rand.NewPCG(7, 9))
	ids := make([]clinic.ID, p.Patients)
	var acts [][]clinic.Draft
	for i := range ids {
		ids[i] = clinic.NewID()
		acts = append(acts, []clinic.Draft{{Kind: clinic.KindPatient, Subject: ids[i], Body: &clinic.Patient{
			Name: Name(r), Birth: clinic.Date{Year: 1930 + r.IntN(95), Month: 1 + r.IntN(12), Day: 1 + r.IntN(28)},
			Sex: clinic.Sex(1 + r.IntN(2)), Address: "Thôn " + strconv.Itoa(r.IntN(9)+1) + ", xã Đảo Mẫu", Phone: Number(i)[:10],
			Identifiers: []clinic.Identifier{{System: clinic.SystemCitizen, Value: Number(i)}},
		}}})
	}
	start := clinic.Date{Year: 2026, Month: 1, Day: 1}
	for i := range p.Visits {
		id, v, day := ids[r.IntN(len(ids))], clinic.NewID(), start.AddDays(i/60)
		key, _ := clinic.NewVisitKey("22736", "a", day, i%60+1)
		acts = append(acts, []clinic.Draft{
			{Kind: clinic.KindVisit, Subject: id, Visit: v, Body: &clinic.Visit{Key: key, Day: day, Queue: i%60 + 1}},
			{Kind: clinic.KindVitals, Subject: id, Visit: v, Body: &clinic.Vitals{Pulse: 60 + r.IntN(40), Temperature: 365 + r.IntN(20)}},
			{Kind: clinic.KindDiagnosis, Subject: id, Visit: v, Body: &clinic.Diagnosis{Main: "J06.9", Text: "Viêm đường hô hấp trên cấp"}},
		})
	}
	saveAll(t, s, acts)
	return ids
}

// Number is the invented citizen number of the i-th patient of Fill. Province 000
// does not exist.
func Number(i int) string { return "000" + strconv.Itoa(1_000_000_000 + i*7919)[1:] }

// saveAll keeps the committer's batches full.
func saveAll(t testing.TB, s desk.Store, acts [][]clinic.Draft) {
	t.Helper()
	work := make(chan [][]clinic.Draft)
	var wg sync.WaitGroup
	var once sync.Once
	for range 64 {
		wg.Go(func() {
			for some := range work {
				_, err := s.Act(context.Background(), clinic.NewID(), clinic.ID{1}, func(desk.Reader) ([]clinic.Draft, error) {
					var all []clinic.Draft
					for _, a := range some {
						all = append(all, a...)
					}
					return all, nil
				})
				if err != nil {
					once.Do(func() { t.Error("filling the store:", err) })
				}
			}
		})
	}
	for len(acts) > 0 {
		n := min(len(acts), 20)
		work <- acts[:n]
		acts = acts[n:]
	}
	close(work)
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
}
