package pdfa

import "context"

func (c *converting) writeLayer(context.Context) error { return nil }
