package proof

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"clinicbox/clinic"
)

// object is a FHIR R4 element or resource.
type object = map[string]any

// bundle is a visit as FHIR R4 has it (hl7.org/fhir/R4), for comparison with what the
// wire needs: a Bundle of the resources that say the same, compact JSON, the patient by
// reference. It says no more than our entries do, and leaves out what FHIR has no
// place for: salts, leaf hashes, and who looked at the record.
func bundle(t testing.TB, visit []clinic.Record) []byte {
	t.Helper()
	var entries []object
	add := func(r *clinic.Record, kind string, i int, o object) {
		id := fmt.Sprintf("%v-%d", r.Act, i)
		o["resourceType"], o["id"] = kind, id
		o["meta"] = object{"lastUpdated": r.Recorded().Format(time.RFC3339)}
		entries = append(entries, object{"fullUrl": "urn:clinicbox:" + kind + "/" + id, "resource": o})
	}
	for i := range visit {
		r := &visit[i]
		about := func(o object) object {
			o["subject"], o["encounter"] = ref("Patient", r.Subject), ref("Encounter", r.Visit)
			return o
		}
		switch b := r.Body.(type) {
		case *clinic.Visit:
			add(r, "Encounter", 0, object{
				"identifier": []object{{"system": "urn:clinicbox:ma-lk", "value": b.Key}}, "status": "finished",
				"class":      object{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
				"subject":    ref("Patient", r.Subject),
				"period":     object{"start": r.Event.Format(time.RFC3339)},
				"reasonCode": []object{{"text": b.Reason}},
			})
		case *clinic.Vitals:
			for n, f := range clinic.VitalFields() {
				if v := f.Value(b); v != 0 {
					add(r, "Observation", n, about(observation(r, f, v)))
				}
			}
		case *clinic.Exam:
			add(r, "ClinicalImpression", 0, about(object{
				"status": "completed", "description": b.Reason, "summary": b.History, "note": []object{{"text": b.Finding}},
				"effectiveDateTime": r.Event.Format(time.RFC3339), "assessor": ref("Practitioner", r.Author),
			}))
		case *clinic.Diagnosis:
			for n, code := range append([]string{b.Main}, b.Others...) {
				add(r, "Condition", n, about(object{
					"clinicalStatus": coded("http://terminology.hl7.org/CodeSystem/condition-clinical", "active", ""),
					"category":       []object{coded("http://terminology.hl7.org/CodeSystem/condition-category", "encounter-diagnosis", "")},
					"code":           coded("http://hl7.org/fhir/sid/icd-10", code, b.Text), "recorder": ref("Practitioner", r.Author),
					"recordedDate": r.Event.Format(time.RFC3339),
				}))
			}
		case *clinic.Prescription:
			for n := range b.Lines {
				add(r, "MedicationRequest", n, about(request(r, b, &b.Lines[n])))
			}
		case *clinic.Bill:
			for n, l := range b.Lines {
				add(r, "ChargeItem", n, object{
					"status": "billable", "code": coded("urn:clinicbox:service", l.Code, l.Name), "subject": ref("Patient", r.Subject),
					"context": ref("Encounter", r.Visit), "quantity": object{"value": json.Number(l.Quantity.String()), "unit": l.Unit},
					"priceOverride": object{"value": int(l.Price), "currency": "VND"},
				})
			}
		case *clinic.Appointment:
			add(r, "Appointment", 0, object{
				"identifier": []object{{"system": "urn:clinicbox:slip", "value": b.Slip}}, "status": "booked",
				"start": b.Due.Time().Format(time.RFC3339), "comment": b.Note,
				"participant": []object{{"actor": ref("Patient", r.Subject), "status": "accepted"}},
			})
		case *clinic.Dispensed:
			for n, l := range b.Lines {
				add(r, "MedicationDispense", n, object{
					"status": "completed", "medicationCodeableConcept": coded("urn:clinicbox:medicine", l.Goods.Code, l.Name),
					"subject": ref("Patient", r.Subject), "context": ref("Encounter", r.Visit),
					"quantity": object{"value": json.Number(l.Quantity.String()), "unit": l.Unit}, "whenHandedOver": r.Event.Format(time.RFC3339),
				})
			}
		case *clinic.Signed:
			var targets []object
			for _, e := range entries {
				targets = append(targets, object{"reference": e["fullUrl"]})
			}
			add(r, "Provenance", 0, object{
				"target": targets, "recorded": r.Recorded().Format(time.RFC3339), "agent": []object{{"who": ref("Practitioner", r.Author)}},
				"signature": []object{{
					"type": []object{{"system": "urn:iso-astm:E1762-95:2013", "code": "1.2.840.10065.1.12.1.1"}},
					"when": r.Recorded().Format(time.RFC3339), "who": ref("Practitioner", r.Author),
					"data": base64.StdEncoding.EncodeToString(b.Sig),
				}},
			})
		}
	}
	out, err := json.Marshal(object{"resourceType": "Bundle", "type": "collection", "entry": entries})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func ref(kind string, id clinic.ID) object { return object{"reference": kind + "/" + id.String()} }

func coded(system, code, text string) object {
	c := object{"coding": []object{{"system": system, "code": code}}}
	if text != "" {
		c["text"] = text
	}
	return c
}

// loinc are the codes of what is measured.
func loinc(field string) [2]string {
	return map[string][2]string{
		clinic.FieldPulse: {"8867-4", "/min"}, clinic.FieldTemperature: {"8310-5", "Cel"}, clinic.FieldSystolic: {"8480-6", "mm[Hg]"},
		clinic.FieldDiastolic: {"8462-4", "mm[Hg]"}, clinic.FieldBreathing: {"9279-1", "/min"}, clinic.FieldSpO2: {"59408-5", "%"},
		clinic.FieldWeight: {"29463-7", "kg"}, clinic.FieldHeight: {"8302-2", "cm"}, clinic.FieldWaist: {"8280-0", "cm"},
		clinic.FieldGlucose: {"15074-8", "mmol/L"}, clinic.FieldCreatinine: {"14682-9", "umol/L"},
	}[field]
}

func observation(r *clinic.Record, f clinic.VitalField, v int) object {
	code := loinc(f.Name)
	return object{
		"status":   "final",
		"category": []object{coded("http://terminology.hl7.org/CodeSystem/observation-category", "vital-signs", "")},
		"code":     coded("http://loinc.org", code[0], ""), "effectiveDateTime": r.Event.Format(time.RFC3339),
		"performer":     []object{ref("Practitioner", r.Author)},
		"valueQuantity": object{"value": float64(v) / []float64{1, 10, 100}[f.Decimals], "unit": code[1], "system": "http://unitsofmeasure.org", "code": code[1]},
	}
}

func request(r *clinic.Record, b *clinic.Prescription, l *clinic.DrugLine) object {
	return object{
		"identifier": []object{{"system": "urn:clinicbox:prescription", "value": b.Code}}, "status": "active", "intent": "order",
		"medicationCodeableConcept": coded("urn:clinicbox:medicine", l.Medicine, l.Name+" "+l.Strength+" "+l.Form),
		"authoredOn":                r.Event.Format(time.RFC3339), "requester": ref("Practitioner", r.Author),
		"dosageInstruction": []object{{
			"text": l.When, "route": object{"text": l.Route},
			"timing":      object{"repeat": object{"frequency": l.Times, "period": 1, "periodUnit": "d", "boundsDuration": object{"value": l.Days, "unit": "d"}}},
			"doseAndRate": []object{{"doseQuantity": object{"value": json.Number(l.Dose.String()), "unit": l.Unit}}},
		}},
		"dispenseRequest": object{"quantity": object{"value": json.Number(l.Quantity.String()), "unit": l.Unit}},
		"note":            []object{{"text": b.Advice}},
	}
}

// fhir is what visits of a journal are as FHIR bundles: bytes a visit, plain and each
// gzipped for itself.
func (w *world) fhir(from uint64) (plain, packed float64) {
	w.t.Helper()
	by, n := map[clinic.ID][]clinic.Record{}, 0
	for _, r := range journal(w.t, w.store.Own())[from:] {
		if !r.Visit.IsZero() {
			by[r.Visit] = append(by[r.Visit], r)
		}
	}
	for _, visit := range by {
		b := bundle(w.t, visit)
		var z bytes.Buffer
		g, err := gzip.NewWriterLevel(&z, gzip.BestCompression)
		if err != nil {
			w.t.Fatal(err)
		}
		if _, err := g.Write(b); err != nil || g.Close() != nil {
			w.t.Fatal(err)
		}
		plain, packed, n = plain+float64(len(b)), packed+float64(z.Len()), n+1
	}
	return plain / float64(n), packed / float64(n)
}
