package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vim25/xml"
)

// pages are the rests of long answers of RetrievePropertiesEx, by token. The simulator always answers with everything.
type pages struct {
	count int
	rests map[string][]types.ObjectContent
}

// forwardPage lets the simulator answer, and keeps back what is more than a page.
func (w *world) forwardPage(out http.ResponseWriter, r *http.Request) {
	recorder := httptest.NewRecorder()
	w.service.ServeSDK(recorder, r)
	var body struct {
		Res *types.RetrievePropertiesExResponse `xml:"urn:vim25 RetrievePropertiesExResponse"`
	}
	decoder := xml.NewDecoder(recorder.Body)
	decoder.TypeFunc = types.TypeFunc()
	text := recorder.Body.Bytes()
	err := decoder.Decode(&soap.Envelope{Body: &body})
	if err != nil || body.Res == nil || body.Res.Returnval == nil || recorder.Code != http.StatusOK {
		out.Header().Set("Content-Type", "text/xml; charset=utf-8")
		out.WriteHeader(recorder.Code)
		_, _ = out.Write(text)
		return
	}
	sendResult(out, "RetrievePropertiesEx", types.RetrievePropertiesExResponse{
		Returnval: w.page(body.Res.Returnval.Objects),
	})
}

func (w *world) page(objects []types.ObjectContent) *types.RetrieveResult {
	size := w.options.pageSize
	if len(objects) <= size {
		return &types.RetrieveResult{Objects: objects}
	}
	if w.pages.rests == nil {
		w.pages.rests = make(map[string][]types.ObjectContent)
	}
	w.pages.count++
	token := fmt.Sprintf("%d", w.pages.count)
	w.pages.rests[token] = objects[size:]
	return &types.RetrieveResult{Token: token, Objects: objects[:size]}
}

func continueRetrieve(c *call) types.BaseMethodFault {
	token := c.body.(*types.ContinueRetrievePropertiesEx).Token
	rest, ok := c.world.pages.rests[token]
	if !ok {
		return &types.InvalidProperty{Name: "token"}
	}
	delete(c.world.pages.rests, token)
	sendResult(c.out, c.name, types.ContinueRetrievePropertiesExResponse{Returnval: *c.world.page(rest)})
	return nil
}

func cancelRetrieve(c *call) types.BaseMethodFault {
	delete(c.world.pages.rests, c.body.(*types.CancelRetrievePropertiesEx).Token)
	sendNothing(c.out, c.name)
	return nil
}
