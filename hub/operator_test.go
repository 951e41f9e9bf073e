package hub

import (
	"strings"
	"testing"
)

func TestOperatorNames(t *testing.T) {
	for name, want := range map[string]bool{
		FirstOperator: true, "Nguyễn Thị Mẫu": true, strings.Repeat("ạ", 60): true,
		"": false, " x": false, "x ": false, strings.Repeat("ạ", 61): false, "a\nb": false, "a\xff": false, "a\u202eb": false,
	} {
		if ValidOperatorName(name) != want {
			t.Errorf("%q: want %v", name, want)
		}
	}
}
