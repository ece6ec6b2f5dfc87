package pdfa

import (
	"os"
	"testing"
)

// TestMain lets the test binary be its own reader.
func TestMain(m *testing.M) {
	if os.Getenv("PDFA_TEST_READER") == "1" {
		if err := ServeReader(os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}
