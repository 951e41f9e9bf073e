package barcode_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"clinicbox/clinic"
	"clinicbox/peripherals/barcode"
)

func TestSlip(t *testing.T) {
	code, err := clinic.NewSlip("22736", "a", 123)
	if err != nil {
		t.Fatal(err)
	}
	temp, err := clinic.NewTemporary("22736", "b", 7)
	if err != nil {
		t.Fatal(err)
	}
	record := clinic.ID{1, 2, 3}
	paper := clinic.PaperQR{
		Slip: code, Leaf: bytes.Repeat([]byte{7}, 32), Record: record,
		TreeHead: clinic.TreeHead{Log: [8]byte{1}, Size: 99, Root: bytes.Repeat([]byte{9}, 32)},
	}
	qr := paper.String()
	hash := strings.Repeat("A", 26)
	old := "CB1/" + code + "/" + hash + "/99/" + hash
	for _, tt := range []struct {
		in     string
		record clinic.ID
	}{
		{code, clinic.ID{}},
		{strings.ToLower(code) + "\r", clinic.ID{}},
		{"]C0" + code, clinic.ID{}},
		{qr, record},
		{"]Q1" + strings.ToLower(qr) + "\r\n", record},
		{old, clinic.ID{}},
	} {
		s, err := barcode.Parse([]byte(tt.in))
		if err != nil || s.Kind != clinic.ScanSlip || s.Slip != code || s.Record != tt.record {
			t.Errorf("%q: %+v, %v", tt.in, s, err)
		}
	}
	s, err := barcode.Parse([]byte(temp))
	if err != nil || s.Kind != clinic.ScanNumber || s.Patient.Identifiers[0].System != clinic.SystemTemporary {
		t.Errorf("temporary code: %+v, %v", s, err)
	}
	label, err := clinic.NewSampleNumber("22736", "a", 123)
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range []string{label, strings.ToLower(label) + "\r", "]C0" + label} {
		if s, err := barcode.Parse([]byte(in)); err != nil || s.Kind != clinic.ScanSample || s.Sample != label {
			t.Errorf("a sample's label %q: %+v, %v", in, s, err)
		}
	}
	if _, err := barcode.Parse([]byte(strings.Replace(label, "123", "124", 1))); err == nil {
		t.Error("a sample's number whose check character does not fit is taken")
	}
	other, err := barcode.Parse([]byte(strings.TrimSuffix(qr, "/"+code)))
	if err != nil || other.Kind != clinic.ScanPaper || other.Record != record || other.Paper.Size != 99 {
		t.Errorf("a paper that is no slip: %+v, %v", other, err)
	}
	for _, paper := range []string{qr, old + "/" + hash} {
		for i := range len(paper) { // half a paper: without the last part it may be enough
			s, err := barcode.Parse([]byte(paper[:i]))
			if whole := strings.Count(paper[:i], "/") >= 4; err == nil && (s.Paper == nil || !whole) {
				t.Errorf("cut at %d: accepted", i)
			}
			if e, _ := errors.AsType[*barcode.Error](err); i > 4 && err != nil && e.Code != barcode.CodeTruncated {
				t.Errorf("cut at %d: %v", i, err)
			}
		}
	}
}

func TestSlipRefused(t *testing.T) {
	code, err := clinic.NewSlip("22736", "a", 123)
	if err != nil {
		t.Fatal(err)
	}
	hash := strings.Repeat("A", 26)
	for _, tt := range []struct {
		in   string
		want barcode.Code
	}{
		{strings.Replace(code, "123", "124", 1), barcode.CodeSlipCheck},
		{strings.Replace(code, "00123", "01023", 1), barcode.CodeSlipCheck},
		{"CB1/" + strings.Replace(code, "123", "124", 1) + "/" + hash + "/1/" + hash, barcode.CodeSlipCheck},
		{"CB3/" + code, barcode.CodeSlipForm},
		{"CB2/" + hash + "/AAAAAAAAAAAAA/1/" + hash + "/" + hash + "/" + strings.Replace(code, "123", "124", 1), barcode.CodeSlipCheck},
		{"CB2/" + hash + "/AAAAAAAAAAAAA/01/" + hash + "/" + hash + "/" + code, barcode.CodeSlipForm},
		{"CB2/" + hash + "/AAAAAAAAAAAAA/1/" + hash + "/" + hash + "/X/Y", barcode.CodeSlipForm},
		{"CB1/X/" + hash + "/1/" + hash, barcode.CodeSlipForm},
		{"CB1/" + code + "/" + hash + "/01/" + hash + "/x", barcode.CodeSlipForm},
	} {
		_, err := barcode.Parse([]byte(tt.in))
		if e, ok := errors.AsType[*barcode.Error](err); !ok || e.Code != tt.want {
			t.Errorf("%s: got %v, want %s", tt.in, err, tt.want)
		}
	}
}
