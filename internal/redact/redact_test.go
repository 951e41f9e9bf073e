package redact_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/internal/redact"
)

const (
	name   = "Nguyễn Thị Mẫu"
	number = "001190000123"
)

func TestWrappedNeverPrints(t *testing.T) {
	v := redact.Wrap(name)
	js, err := json.Marshal(map[string]any{"v": v, "p": &v, "s": []redact.Text{v}})
	if err != nil {
		t.Fatal(err)
	}
	n := redact.Wrap(clinic.Patient{Name: name})
	outs := []string{string(js), fmt.Errorf("read %v: %w", v, errors.New("x")).Error()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T and %[1]v", "%10s", "%p"} {
		outs = append(outs, fmt.Sprintf(verb, v), fmt.Sprintf(verb, n), fmt.Sprintf(verb, struct{ A redact.Text }{v}),
			fmt.Sprintf(verb, struct{ a redact.Text }{v}), fmt.Sprintf(verb, &struct{ a []redact.Text }{[]redact.Text{v}}))
	}
	for _, out := range outs {
		if strings.Contains(out, "Mẫu") || strings.Contains(out, fmt.Sprintf("%x", name)) {
			t.Errorf("leaks: %s", out)
		}
	}
	if v.Reveal() != name || new(redact.Text).Reveal() != "" || n.Reveal().Name != name {
		t.Error("the value is lost")
	}
}

type holder struct {
	Deep map[string][]*clinic.Patient
}

func TestHandlerDropsPatientData(t *testing.T) {
	p := clinic.Patient{
		Name: name, Birth: clinic.Date{Year: 1990}, Phone: "0912345678",
		Identifiers: []clinic.Identifier{{System: clinic.SystemCitizen, Value: number}},
	}
	values := map[string]any{
		"patient": p, "pointer": &p, "slice": []clinic.Patient{p}, "map": map[string]clinic.Patient{"a": p},
		"nested": holder{map[string][]*clinic.Patient{"x": {&p}}}, "record": clinic.Record{Body: &p},
		"scan": clinic.Scan{Patient: p}, "birth": clinic.Date{Year: 1987, Month: 6, Day: 5}, "text": redact.Wrap(name),
		"bytes": []byte(name), "array": [3]byte{'M', 'a', 'u'}, "string": "card " + number + "|x", "error": errors.New("no row for " + number),
		"insurance": "GD4790012345678", "phone": "0912345678", "int": int64(11900001234), "visit": desk.Person{Staff: clinic.Staff{Name: name}},
		"exam": &clinic.Exam{Reason: "Mẫu"}, "wrapped": fmt.Errorf("a: %w", errors.New(number)), "group": slog.GroupValue(slog.Any("p", p), slog.String("n", number)),
	}
	for key, v := range values {
		t.Run(key, func(t *testing.T) {
			var buf bytes.Buffer
			slog.New(redact.NewHandler(&buf, slog.LevelInfo)).With(key, v).WithGroup("g").Info("saw "+number, key, v)
			out := buf.String()
			for _, leak := range []string{name, "Mẫu", number, "0912345678", "GD4790012345678", "11900001234", "1987", "TcawdQ", "[77 97 117]"} {
				if strings.Contains(out, leak) {
					t.Errorf("%q leaks in %s", leak, out)
				}
			}
			if !strings.Contains(out, redact.Mark) {
				t.Errorf("no mark in %s", out)
			}
		})
	}
}

func TestHandlerKeepsWhatHelps(t *testing.T) {
	id, _ := clinic.ParseID("00112233445566778899001122334455")
	var buf bytes.Buffer
	slog.New(redact.NewHandler(&buf, slog.LevelInfo)).Info("saved",
		"visit", id, "kind", clinic.KindVitals, "key", "22736a2609010007", "size", 1_234_567, "took", 1500*time.Millisecond,
		"addr", netip.MustParseAddrPort("127.0.0.1:8080"), "err", errors.New("disk full"), "n", 3, "nothing", nil,
		"list", []string{"web", "store"}, "at", time.Unix(1_790_000_000, 0).UTC())
	for _, want := range []string{
		id.String(), `"vitals"`, "22736a2609010007", "1234567", "127.0.0.1:8080", "disk full", "[web store]", "2026-09-21T",
	} {
		if !strings.Contains(buf.String(), want) {
			t.Errorf("%q is missing in %s", want, buf.String())
		}
	}
	if strings.Contains(buf.String(), redact.Mark) {
		t.Errorf("too much redacted: %s", buf.String())
	}
}
