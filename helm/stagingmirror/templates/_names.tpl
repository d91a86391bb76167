{{- define "stagingmirror.name" -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{- define "stagingmirror.serviceAccount" -}}
{{- default (include "stagingmirror.name" .) .Values.serviceAccount.name -}}
{{- end -}}

{{- define "stagingmirror.selector" -}}
app.kubernetes.io/name: stagingmirror
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "stagingmirror.labels" -}}
{{ include "stagingmirror.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{- define "stagingmirror.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}
{{- end -}}

{{- define "stagingmirror.subject" -}}
- kind: ServiceAccount
  name: {{ include "stagingmirror.serviceAccount" . }}
  namespace: {{ .Release.Namespace }}
{{- end -}}

{{- /* What is read of a namespace, production's or staging's. */ -}}
{{- define "stagingmirror.reading" -}}
- apiGroups: [apps]
  resources: [deployments, statefulsets, daemonsets, replicasets]
  verbs: [get, list, watch]
- apiGroups: [argoproj.io]
  resources: [rollouts]
  verbs: [get, list, watch]
- apiGroups: [serving.kserve.io]
  resources: [inferenceservices]
  verbs: [get, list, watch]
- apiGroups: [batch]
  resources: [cronjobs, jobs]
  verbs: [get, list, watch]
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [get, list, watch]
- apiGroups: [keda.sh]
  resources: [scaledobjects]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [pods, configmaps]
  verbs: [get, list, watch]
{{- end -}}
