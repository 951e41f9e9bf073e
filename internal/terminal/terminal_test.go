package terminal

import (
	"strings"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

func TestTypingIsHidden(t *testing.T) {
	keyboard, screen, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer keyboard.Close()
	defer screen.Close()
	echo := func() bool {
		s, err := unix.IoctlGetTermios(int(screen.Fd()), unix.TCGETS)
		if err != nil {
			t.Fatal(err)
		}
		return s.Lflag&unix.ECHO != 0
	}
	if !echo() {
		t.Fatal("the terminal hides from the start: nothing is tested")
	}
	show := Hide(screen)
	if echo() {
		t.Error("the PIN shows on the screen")
	}
	show()
	if !echo() {
		t.Error("the terminal stays blind")
	}
	Hide(strings.NewReader("839201\n"))() // a pipe
}
