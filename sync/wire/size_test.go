package wire

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/internal/entry"
)

// visitEntries encodes invented visits of five entries each, 160 to 330 bytes.
func visitEntries(t testing.TB, n int) []Raw {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("ho sốt đau đầu bụng họng mệt khó thở chóng mặt buồn nôn từ hai ba ngày nay không đờm " +
		"khám phổi thông khí rõ tim đều mềm ấn không đau họng đỏ nhẹ tăng huyết áp đang điều trị tái khám")
	text := func(n int) string {
		var b []string
		for range n {
			b = append(b, words[r.IntN(len(words))])
		}
		return strings.Join(b, " ")
	}
	var out []Raw
	var patient, visit, author clinic.ID
	for i := range n {
		if i%5 == 0 {
			patient, visit, author = clinic.NewID(), clinic.NewID(), clinic.NewID()
		}
		bodies := []struct {
			kind clinic.Kind
			body any
		}{
			{clinic.KindVisit, &clinic.Visit{Key: fmt.Sprintf("22736a261122%04d", i), Queue: i, Reason: text(5), Source: clinic.SourceCitizenQR}},
			{clinic.KindVitals, &clinic.Vitals{Pulse: 60 + r.IntN(40), Temperature: 365 + r.IntN(30), Systolic: 100 + r.IntN(60), Diastolic: 60 + r.IntN(30), Weight: 400 + r.IntN(400), Height: 1500 + r.IntN(300)}},
			{clinic.KindExam, &clinic.Exam{Reason: text(6), History: text(8), Finding: text(12)}},
			{clinic.KindDiagnosis, &clinic.Diagnosis{Main: fmt.Sprintf("J%02d", r.IntN(99)), Others: []string{"I10"}, Text: text(8)}},
			{clinic.KindPrescribe, &clinic.Prescription{Lines: []clinic.DrugLine{{Medicine: "40.685", Name: "Paracetamol", Strength: "500 mg", Form: "viên nén", Unit: "viên", Dose: 1000, Times: 3, Days: 5, Quantity: 15000, Route: "uống"}}, Advice: text(8)}},
		}
		d := bodies[i%5]
		b, err := entry.Encode(clinic.Draft{Kind: d.kind, Subject: patient, Visit: visit, Event: time.Unix(1_790_000_000+int64(i)*60, 0), Body: d.body},
			clinic.NewID(), author, uint64(1_790_000_000_000+int64(i)*60_000)<<16, true)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, Raw{Index: uint64(i), Seed: entry.Seed{3}, Place: uint32(i), Bytes: b})
	}
	return out
}

// TestSizes prints what the byte budget is counted with, and holds what must not
// grow unnoticed.
func TestSizes(t *testing.T) {
	box, hub := keys(t, "tram-01"), keys(t, "hub")
	start, s, err := StartSession(hub.Public().HPKE, box.Identity, start(NewNonce()))
	if err != nil {
		t.Fatal(err)
	}
	n := NewNonce()
	receipt, err := Receipt{Box: "tram-01", Epoch: Epoch{1}, Size: 9000, Time: 1_790_000_000_000, Echo: &n}.Sign(hub.Identity)
	if err != nil {
		t.Fatal(err)
	}
	hold := func(name string, m Message, most int) {
		t.Helper()
		f, err := s.Seal(m)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d bytes", name, len(f))
		if len(f) > most {
			t.Errorf("%s: %d bytes, want at most %d", name, len(f), most)
		}
	}
	t.Logf("start: %d bytes, who: %d bytes", len(start), len(Who{}.Frame()))
	if len(start) > 1400 {
		t.Errorf("start: %d bytes", len(start))
	}
	hold("receipt", receipt, 260)
	proof := Receipt{Box: "tram-01", Epoch: Epoch{1}, Size: 9000, Time: 1_790_000_000_000, Echo: &n}
	if err := proof.Cosign(hub.Identity, time.Unix(1_790_000_000, 0)); err != nil {
		t.Fatal(err)
	}
	cosigned, err := proof.Sign(hub.Identity)
	if err != nil {
		t.Fatal(err)
	}
	hold("cosigned receipt", cosigned, 300)
	hold("brief receipt, cosigned", BriefReceipt{Size: 9000, Time: 1_790_000_000_000, Cosigned: make([]byte, 72)}, 189)
	hold("brief receipt", BriefReceipt{Size: 9000, Time: 1_790_000_000_000}, 125)
	hold("ping", Ping{Nonce: n, Receipt: true}, 64)
	hold("down ack", DownAck{Epoch: Epoch{1}, Next: 9000}, 64)
	for count, most := range map[int]int{1: 400, 5: 1200, 100: 14000} {
		b, total := NewDataBuilder(Epoch{1}, 0, MaxFrame), 0
		for _, r := range visitEntries(t, count) {
			if !b.Add(r) {
				t.Fatal("does not fit")
			}
			total += len(r.Bytes)
		}
		d := b.Data(Hash{1}, 0)
		if err := d.Sign("tram-01", box.Identity); err != nil {
			t.Fatal(err)
		}
		s.Compress(nil)
		hold(fmt.Sprintf("data, %d entries of %d bytes, no dictionary", count, total), d, most+100)
		s.Compress(Dictionaries())
		hold(fmt.Sprintf("data, %d entries of %d bytes, dictionary", count, total), d, most)
	}
}
