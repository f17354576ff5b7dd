package script

import (
	"math/big"
	"reflect"

	"github.com/dop251/goja/ast"

	"github.com/capstan-run/capstan/diag"
)

// checkTree refuses values that runs cannot bound: whole numbers of any size, and
// regular expressions that need backtracking.
func checkTree(name string, tree *ast.Program) error {
	var first *Error
	report := func(at int, message string) {
		if first != nil {
			return
		}
		first = &Error{Pos: diag.Pos{File: name}, Message: message}
		first.place(tree.File.Position(at - tree.File.Base()))
	}
	literals(reflect.ValueOf(tree.Body), func(n ast.Node) {
		switch n := n.(type) {
		case *ast.NumberLiteral:
			if _, ok := n.Value.(*big.Int); ok {
				report(int(n.Idx), "whole numbers of any size (BigInt) are not supported; keep large ids as text")
			}
		case *ast.RegExpLiteral:
			if _, err := newPattern(n.Pattern, n.Flags); err != nil {
				report(int(n.Idx), err.Error())
			}
		}
	})
	if first != nil {
		return first
	}
	return nil
}

// literals calls visit for each number and regular expression below v. The
// tree's package has no walk of its own; going by reflection misses no kind of
// node, now or later. Nodes do not point back up.
func literals(v reflect.Value, visit func(ast.Node)) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			return
		}
		if v.CanInterface() {
			switch n := v.Interface().(type) {
			case *ast.NumberLiteral:
				visit(n)
				return
			case *ast.RegExpLiteral:
				visit(n)
				return
			case *big.Int:
				return
			}
		}
		literals(v.Elem(), visit)
	case reflect.Slice:
		for i := range v.Len() {
			literals(v.Index(i), visit)
		}
	case reflect.Struct:
		if v.Type().PkgPath() != reflect.TypeFor[ast.Program]().PkgPath() {
			return
		}
		for i := range v.NumField() {
			// Declarations repeat nodes that stand in the body as well.
			if v.Type().Field(i).Name != "DeclarationList" {
				literals(v.Field(i), visit)
			}
		}
	}
}
