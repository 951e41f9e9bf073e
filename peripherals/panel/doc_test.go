package panel_test

import (
	"slices"
	"strings"
	"testing"

	"clinicbox/peripherals/panel"
)

func TestCodesAreOfThisPackage(t *testing.T) {
	codes := panel.Codes()
	if !slices.IsSorted(codes) || len(slices.Compact(slices.Clone(codes))) != 5 {
		t.Errorf("%v", codes)
	}
	for _, c := range codes {
		if !strings.HasPrefix(c, "panel.") {
			t.Error(c)
		}
	}
}
