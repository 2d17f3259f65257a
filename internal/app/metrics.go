package app

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"vestibule/internal/db"
	"vestibule/internal/outbox"
)

// metrics counts what an operator watches. No label holds an address, a path
// with an id, or anything else that belongs to a person.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  prometheus.Histogram
	failures *prometheus.CounterVec
	now      func() time.Time
}

func newMetrics(p *Portal) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(), now: p.o.Now,
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "vestibule_requests_total", Help: "Requests answered, by status."}, []string{"status"}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "vestibule_request_seconds", Help: "How long answers took.", Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "vestibule_delivery_failures_total", Help: "Tries to deliver a message that failed, by carrier."}, []string{"carrier"}),
	}
	m.registry.MustRegister(
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "vestibule_statements_total", Help: "Statements run on the database."},
			func() float64 { return float64(p.DB.Statements()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "vestibule_hashes_total", Help: "Passwords and answers hashed."},
			func() float64 { return float64(p.Passwords.Hasher.Hashes()) }))
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		m.requests, m.seconds, m.failures, &queue{p: p, messages: prometheus.NewDesc("vestibule_messages", "Messages that have not left, by state.", []string{"state"}, nil)})
	return m
}

// queue reads the outbox when it is asked.
type queue struct {
	p        *Portal
	messages *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (q *queue) Describe(out chan<- *prometheus.Desc) { out <- q.messages }

// Collect implements prometheus.Collector.
func (q *queue) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	var n outbox.Counts
	if err := q.p.DB.Read(ctx, func(tx *db.Tx) (err error) {
		n, err = q.p.Outbox.Count(tx)
		return err
	}); err != nil {
		out <- prometheus.NewInvalidMetric(q.messages, err)
		return
	}
	for state, count := range map[string]int{outbox.Queued: n.Queued, outbox.Held: n.Held, outbox.Failed: n.Failed} {
		out <- prometheus.MustNewConstMetric(q.messages, prometheus.GaugeValue, float64(count), state)
	}
}

// measure counts what next answers.
func (m *metrics) measure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := m.now()
		s := &statusWriter{ResponseWriter: w}
		next.ServeHTTP(s, r)
		m.seconds.Observe(m.now().Sub(begun).Seconds())
		if s.status == 0 {
			s.status = http.StatusOK
			if r.Context().Err() != nil {
				s.status = gone
			}
		}
		m.requests.WithLabelValues(strconv.Itoa(s.status)).Inc()
	})
}

// gone counts the requests whose sender left before there was an answer.
const gone = 499

// statusWriter notes the status.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach what is beneath.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// listen serves /metrics on an address of its own, which the configuration
// keeps to loopback; with none it does nothing.
func (m *metrics) listen(ctx context.Context, address string) (stop func(), err error) {
	if address == "" {
		return func() {}, nil
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout}
	go func() { _ = server.Serve(l) }() // ends with ErrServerClosed by stop
	return func() { _ = server.Close() }, nil
}
