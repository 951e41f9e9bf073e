package desk

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"clinicbox/clinic"
)

// Legal says how X.509 signatures of legal documents come and are judged.
type Legal struct {
	// Judge decides which signatures count; nil: none does, and none is taken.
	Judge clinic.LegalJudge
	// Decode returns the plain form of a signature as people have it in files and
	// on the clipboard. Needed with Judge.
	Decode func([]byte) ([]byte, error)
	// Centre: the centre's signing service is asked with each PIN signature.
	Centre bool
}

// Centre reports whether the centre's service signs for this box.
func (d *Desk) Centre() bool { return d.o.Legal.Centre }

// LegalOn names the version of a document that is to be signed.
type LegalOn struct {
	Patient clinic.ID
	Visit   clinic.ID
	Leaf    clinic.Leaf
}

// version finds the document's current version, which must be confirmed with the
// PIN: nobody signs by law what its author has not confirmed.
func (d *Desk) version(w *work, on LegalOn) (*document, *clinic.Version, error) {
	doc, err := w.visit(on.Patient, on.Visit)
	if err != nil {
		return nil, nil, err
	}
	doc.file.JudgeLegal(d.o.Legal.Judge)
	found := doc.file.Find(on.Leaf)
	if found == nil || len(found.Kind.LegalRoles()) == 0 {
		return nil, nil, &Error{Code: CodeLegalNone}
	}
	ver := found.Current()
	switch {
	case clinic.LegalCode(ver.Record.Body) == "":
		return nil, nil, &Error{Code: CodeLegalNone}
	case ver.Record.Leaf != on.Leaf:
		return nil, nil, &Error{Code: CodeLegalOld}
	case len(ver.Signed) == 0:
		return nil, nil, &Error{Code: CodeLegalUnsigned}
	}
	return doc, ver, nil
}

// AskLegal asks for the signatures that a document still lacks, at the centre or
// with a token at the station. Asked for already, it changes nothing.
func (d *Desk) AskLegal(ctx context.Context, c Call, on LegalOn, where uint8) (Done, error) {
	if where != clinic.LegalAtStation && (where != clinic.LegalAtCentre || !d.o.Legal.Centre) {
		return Done{}, &Error{Code: CodeLegalCentre}
	}
	return d.save(ctx, c, plan{
		need: rightTreat, kind: clinic.KindLegalAsked, patient: on.Patient, visit: on.Visit,
		build: func(w *work) ([]clinic.Draft, error) {
			_, ver, err := d.version(w, on)
			if err != nil {
				return nil, err
			}
			roles := slices.DeleteFunc(ver.Record.Kind.LegalRoles(), func(r clinic.LegalRole) bool {
				return ver.Legal.Of(r) != nil
			})
			if len(roles) == 0 {
				return nil, &Error{Code: CodeLegalDone}
			}
			for _, r := range ver.Legal.Asked {
				if a := r.Body.(*clinic.LegalAsked); a.Where == where && slices.Contains(a.Roles, roles[0]) {
					return nil, &unchanged{r}
				}
			}
			body := askBody(w, ver.Signed[len(ver.Signed)-1].By, on.Leaf)
			body.Roles, body.Where = roles, where
			return []clinic.Draft{{Kind: clinic.KindLegalAsked, Subject: on.Patient, Visit: on.Visit, Body: body}}, nil
		},
		same: func(b any) bool {
			a, ok := b.(*clinic.LegalAsked)
			return ok && a.Where == where && len(a.Leaves) == 1 && bytes.Equal(a.Leaves[0], on.Leaf[:])
		},
	})
}

// askBody says whose signature the practitioner's is.
func askBody(w *work, person clinic.ID, leaves ...clinic.Leaf) *clinic.LegalAsked {
	body := &clinic.LegalAsked{Person: slices.Clone(person[:])}
	if people, err := names(w); err == nil {
		body.Licence = people[person].Licence
	}
	for _, l := range leaves {
		body.Leaves = append(body.Leaves, slices.Clone(l[:]))
	}
	return body
}

// askCentre returns the draft that asks the centre to sign the legal documents
// among those that the PIN confirms in the same act; none where it does not sign.
func (d *Desk) askCentre(w *work, in SignInput, signed []clinic.Leaf) ([]clinic.Draft, error) {
	if !d.o.Legal.Centre {
		return nil, nil
	}
	doc, err := w.visit(in.Patient, in.Visit)
	if err != nil {
		return nil, err
	}
	var leaves []clinic.Leaf
	var roles []clinic.LegalRole
	for _, legal := range doc.file.LegalDocs() {
		r := &legal.Current().Record
		if !slices.Contains(signed, r.Leaf) || clinic.LegalCode(r.Body) == "" {
			continue
		}
		leaves = append(leaves, r.Leaf)
		roles = append(roles, r.Kind.LegalRoles()...)
	}
	if len(leaves) == 0 {
		return nil, nil
	}
	slices.Sort(roles)
	body := askBody(w, w.by.ID, leaves...)
	body.Roles, body.Where = slices.Compact(roles), clinic.LegalAtCentre
	return []clinic.Draft{{Kind: clinic.KindLegalAsked, Subject: in.Patient, Visit: in.Visit, Body: body}}, nil
}

// LegalFile returns the bytes that a token at the station must sign, and a name for
// the file that says nothing of the patient.
func (d *Desk) LegalFile(ctx context.Context, by clinic.ID, on LegalOn) (name string, content []byte, err error) {
	err = d.view(ctx, func(r Reader) error {
		p, err := who(r, by, rightTreat)
		if err != nil {
			return err
		}
		_, ver, err := d.version(&work{Reader: r, desk: d, by: p}, on)
		if err != nil {
			return err
		}
		name = clinic.LegalCode(ver.Record.Body) + ".txt"
		content, err = clinic.LegalContent(&ver.Record)
		return err
	})
	if err == nil {
		d.views.add(ctx, by, on.Patient, on.Visit)
	}
	return name, content, err
}

// AttachLegal takes a signature that was made elsewhere over LegalFile. The
// certificate tells in which role it signs. What does not hold is refused: nothing
// of it is recorded.
func (d *Desk) AttachLegal(ctx context.Context, c Call, on LegalOn, file []byte) (Done, error) {
	if d.o.Legal.Judge == nil {
		return Done{}, badLegal(clinic.LegalBadUnchecked)
	}
	if _, err := d.trusted(); err != nil {
		return Done{}, err
	}
	if len(bytes.TrimSpace(file)) == 0 {
		return Done{}, &Error{Code: CodeRequired, Field: fieldSignature}
	}
	sig, err := d.o.Legal.Decode(file)
	if err != nil || len(sig) > clinic.LegalSigSize {
		return Done{}, badLegal(clinic.LegalBadForm)
	}
	return d.save(ctx, c, plan{
		need: rightTreat, kind: clinic.KindLegalSigned, patient: on.Patient, visit: on.Visit,
		build: func(w *work) ([]clinic.Draft, error) {
			if !w.sure {
				return nil, &Error{Code: CodeClockUntrusted}
			}
			_, ver, err := d.version(w, on)
			if err != nil {
				return nil, err
			}
			return d.attach(w, on, ver, sig)
		},
		same: func(b any) bool { s, ok := b.(*clinic.LegalSigned); return ok && bytes.Equal(s.Sig, sig) },
	})
}

// fieldSignature is the form's field of the uploaded signature.
const fieldSignature = "signature"

func badLegal(problem string) *Error {
	return &Error{Code: CodeLegalBad, Field: fieldSignature, Args: map[string]string{"problem": "legal." + problem}}
}

func (d *Desk) attach(w *work, on LegalOn, ver *clinic.Version, sig []byte) ([]clinic.Draft, error) {
	for i := range ver.Legal.Signatures {
		s := &ver.Legal.Signatures[i]
		if s.Valid && bytes.Equal(s.Record.Body.(*clinic.LegalSigned).Sig, sig) {
			return nil, &unchanged{s.Record}
		}
	}
	content, err := clinic.LegalContent(&ver.Record)
	if err != nil {
		return nil, err
	}
	body := &clinic.LegalSigned{
		Leaf: slices.Clone(on.Leaf[:]), Role: clinic.LegalPractitioner, Format: clinic.LegalCMS, Sig: sig, At: w.now.Unix(),
	}
	claim := clinic.LegalClaim{Content: content, Signed: body, Recorded: w.now}
	if ver.Record.Trusted {
		claim.Document = ver.Record.Recorded()
	}
	v := d.o.Legal.Judge(claim)
	if v.Problem == clinic.LegalBadRole { // no person's certificate
		body.Role = clinic.LegalFacility
		v = d.o.Legal.Judge(claim)
	}
	switch {
	case !v.Valid:
		return nil, badLegal(v.Problem)
	case ver.Legal.Of(body.Role) != nil, !slices.Contains(ver.Legal.Roles, body.Role):
		return nil, &Error{Code: CodeLegalDone, Field: fieldSignature}
	}
	body.At = v.At.Unix()
	return []clinic.Draft{{Kind: clinic.KindLegalSigned, Subject: on.Patient, Visit: on.Visit, Body: body}}, nil
}

// OtherSigner reports whether the certificate names somebody else than the person.
// It is a remark, never a refusal: providers write names in many ways.
func (d *Desk) OtherSigner(p Person, subject string) bool {
	a, b := d.o.Fold(p.Name), d.o.Fold(subject)
	return a == "" || !strings.Contains(b, a)
}
