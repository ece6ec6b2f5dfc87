package pdfa

import (
	"os"
	"testing"
)

// readerEnv makes the test binary be its own reader.
const readerEnv = "BLATTWERK_TEST_READER"

func TestMain(m *testing.M) {
	if os.Getenv(readerEnv) == "1" {
		if err := ServeReader(os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}
