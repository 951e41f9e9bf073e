package proof

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// TestGuessesReachTheCentre: the operator reads on the box's page that somebody
// guessed at a PIN from unknown devices, of whom, and no name.
func TestGuessesReachTheCentre(t *testing.T) {
	w := newWorld(t, 1, "")
	w.startHub()
	w.startBox(w.cable.Addr(), "")
	doctor := w.seed(clinic.RoleDoctor)
	stranger := desk.LoginInput{Person: doctor.ID, PIN: "000001", Stranger: true}
	for i := range 10 {
		if _, err := w.desk.Login(t.Context(), stranger); !refused(err, desk.CodePINWrong) {
			t.Fatalf("guess %d: %v", i, err)
		}
	}
	w.agree()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+w.hub.WebAddr()+"/boxes/"+boxName, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+w.hub.Token())
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(body), "dò mã PIN") || !strings.Contains(string(body), doctor.ID.String()[:8]) || strings.Contains(string(body), doctor.Name) {
		t.Errorf("%d %s", res.StatusCode, body)
	}
}
