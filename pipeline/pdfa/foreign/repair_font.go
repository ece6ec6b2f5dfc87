package foreign

func (m *mender) mendFonts() error { return nil }
