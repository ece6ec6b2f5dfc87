package savings

import "blattwerk/pipeline"

// exact is a figure without a range.
func exact(x float64) pipeline.Range { return pipeline.Range{Low: x, Mid: x, High: x} }

// times multiplies two ranges that are not negative, end by end.
func times(a, b pipeline.Range) pipeline.Range {
	return pipeline.Range{Low: a.Low * b.Low, Mid: a.Mid * b.Mid, High: a.High * b.High}
}

// plus adds two ranges end by end.
func plus(a, b pipeline.Range) pipeline.Range {
	return pipeline.Range{Low: a.Low + b.Low, Mid: a.Mid + b.Mid, High: a.High + b.High}
}

// debit turns a cost into a negative saving: the highest cost is the lowest saving.
func debit(r pipeline.Range) pipeline.Range {
	return pipeline.Range{Low: 0 - r.High, Mid: 0 - r.Mid, High: 0 - r.Low}
}

func ordered(r pipeline.Range) bool { return r.Low <= r.Mid && r.Mid <= r.High }
