package boxmain

import (
	"strings"
	"testing"

	"clinicbox/internal/testlog"
)

// TestCourierCommandEnds: the command tells why the box cannot sync, instead of waiting
// for ever for an outbox that did not start.
func TestCourierCommandEnds(t *testing.T) {
	log := testlog.New(t)
	s := station(t, centre(t), log, "22731")
	if err := s.store.State().Put(bucketSync, "cursor", []byte("?")); err != nil {
		t.Fatal(err)
	}
	s.stop()
	code, _, said := clinicbox(t, "", "courier", "-config", s.path, "-from", t.TempDir())
	if code != ExitFailure || !strings.Contains(said, errCursor.Error()) {
		t.Errorf("%d: %s", code, said)
	}
}
