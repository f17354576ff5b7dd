package main

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
)

// onboard is the workflow: five calls, each but the first with a value of an answer
// before it.
func (c *client) onboard(ctx context.Context, name string) (string, error) {
	var org struct{ ID string }
	if err := c.call(ctx, "/organizations", nil, map[string]string{"name": name}, &org); err != nil {
		return "", err
	}
	var link struct{ Link string }
	if err := c.call(ctx, "/portal/generate_link", nil, map[string]string{"organization": org.ID, "intent": "sso"}, &link); err != nil {
		return "", err
	}
	if _, err := c.first(ctx, "/connections", "organization_id", org.ID); err != nil {
		return "", err
	}
	directory, err := c.first(ctx, "/directories", "organization_id", org.ID)
	if err != nil {
		return "", err
	}
	return c.first(ctx, "/directory_users", "directory", directory)
}

// first returns the id of the first item of a list.
func (c *client) first(ctx context.Context, path, filter, value string) (string, error) {
	var list struct{ Data []struct{ ID string } }
	if err := c.call(ctx, path, url.Values{filter: {value}}, nil, &list); err != nil {
		return "", err
	}
	if len(list.Data) == 0 {
		return "", fmt.Errorf("%s is empty", path)
	}
	return list.Data[0].ID, nil
}

type number struct{ ID, Next string }

func (c *client) count(ctx context.Context, id string) (string, error) {
	var n number
	err := c.call(ctx, "/counts/"+url.PathEscape(id), nil, nil, &n)
	return n.Next, err
}

// chain makes that many calls, each with the answer of the one before.
func (c *client) chain(ctx context.Context, n int) (id string, err error) {
	id = "0"
	for range n {
		if id, err = c.count(ctx, id); err != nil {
			return "", err
		}
	}
	return id, nil
}

// each makes a call for each of that many items of a list.
func (c *client) each(ctx context.Context, n int) (last string, err error) {
	var list struct{ Data []number }
	if err := c.call(ctx, "/numbers", url.Values{"n": {strconv.Itoa(n)}}, nil, &list); err != nil {
		return "", err
	}
	for _, item := range list.Data {
		if last, err = c.count(ctx, item.ID); err != nil {
			return "", err
		}
	}
	return last, nil
}

// poll looks at a job until it is ready, which it is at the nth time.
func (c *client) poll(ctx context.Context, n int) (string, error) {
	path := fmt.Sprintf("/jobs/%d-%d", c.asked.Add(1), n)
	for {
		var job struct{ State string }
		if err := c.call(ctx, path, nil, nil, &job); err != nil || job.State == "ready" {
			return job.State, err
		}
	}
}

// listing counts the records of a listing of that many pages.
func (c *client) listing(ctx context.Context, pages int) (string, error) {
	query := url.Values{"pages": {strconv.Itoa(pages)}, "limit": {"200"}}
	for records := 0; ; {
		var page struct {
			Data         []struct{ ID, Text string }
			ListMetadata struct{ After *string } `json:"list_metadata"`
		}
		if err := c.call(ctx, "/records", query, nil, &page); err != nil {
			return "", err
		}
		records += len(page.Data)
		if page.ListMetadata.After == nil {
			return strconv.Itoa(records), nil
		}
		query.Set("after", *page.ListMetadata.After)
	}
}
