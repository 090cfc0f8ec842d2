# The rules of eight.py for OPA: each finding is a rule and a URN.
package bench

of_type(token) := [resource | some resource in input; resource.type == token]

listed(value) := value if is_array(value)

listed(value) := [value] if is_string(value)

violations contains ["key_rotates", resource.urn] if {
	some resource in of_type("aws:kms/key:Key")
	not resource.properties.enableKeyRotation
}

violations contains ["logs_kept", resource.urn] if {
	some resource in of_type("aws:cloudwatch/logGroup:LogGroup")
	object.get(resource.properties, "retentionInDays", 0) < 365
}

violations contains ["table_recoverable", resource.urn] if {
	some resource in of_type("aws:dynamodb/table:Table")
	not resource.properties.pointInTimeRecovery.enabled
}

violations contains ["database_in_two_zones", resource.urn] if {
	some resource in of_type("aws:rds/instance:Instance")
	not resource.properties.multiAz
}

violations contains ["ingress_closed", resource.urn] if {
	some resource in of_type("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
	resource.properties.cidrIpv4 == "0.0.0.0/0"
}

violations contains ["versions_kept", resource.urn] if {
	some resource in of_type("aws:s3/bucketVersioning:BucketVersioning")
	object.get(resource.properties, ["versioningConfiguration", "status"], "") != "Enabled"
}

violations contains ["policy_narrow", resource.urn] if {
	some resource in of_type("aws:iam/policy:Policy")
	some statement in json.unmarshal(resource.properties.policy).Statement
	statement.Effect == "Allow"
	some action in listed(statement.Action)
	endswith(action, "*")
	"*" in listed(statement.Resource)
}

violations contains ["service_private", resource.urn] if {
	some resource in of_type("aws:ecs/service:Service")
	resource.properties.networkConfiguration.assignPublicIp
}
