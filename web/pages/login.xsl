<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:m="urn:inkan:messages"
                xmlns:i="urn:inkan:functions" exclude-result-prefixes="m i">

    <!-- What a login needs: before it, when it was refused, when an act asks for more, and afterwards. -->

    <!-- Sent against needed: one row an attribute, then what came besides. -->
    <xsl:template name="needs">
        <table class="attributes">
            <thead><tr><th scope="col"><m:t k="account.attribute"/></th><th scope="col"><m:t k="account.value"/></th><th scope="col"><m:t k="account.use"/></th></tr></thead>
            <tbody><xsl:apply-templates select="need"/></tbody>
        </table>
        <xsl:if test="other">
            <details>
                <summary><m:t k="needs.other" n="count(other)"/></summary>
                <ul class="others">
                    <xsl:for-each select="other">
                        <li>
                            <code class="break"><xsl:value-of select="@name"/></code>
                            <xsl:if test="@oid != @name"><span class="sub mono"><xsl:value-of select="@oid"/></span></xsl:if>
                            <xsl:for-each select="value"><span class="value"><xsl:value-of select="."/></span></xsl:for-each>
                        </li>
                    </xsl:for-each>
                </ul>
            </details>
        </xsl:if>
    </xsl:template>

    <xsl:template match="need">
        <tr>
            <xsl:call-template name="attribute"/>
            <td m:data-label="account.value">
                <xsl:apply-templates select="value"/>
                <xsl:choose>
                    <xsl:when test="@state = 'good'"/>
                    <xsl:when test="@needed = 'yes' or ../missing[@name = 'displayName'] and @needed = 'one'">
                        <span class="field-problem"><xsl:call-template name="icon-warn"/><span><m:t k="login.missing.{@rule}"/></span></span>
                    </xsl:when>
                    <xsl:when test="@rule = 'absent'"><span class="hint"><m:t k="account.not-sent"/></span></xsl:when>
                    <xsl:otherwise><span class="hint"><m:t k="login.missing.{@rule}"/></span></xsl:otherwise>
                </xsl:choose>
            </td>
            <xsl:call-template name="use"/>
        </tr>
    </xsl:template>

    <xsl:template name="attribute">
        <th scope="row">
            <xsl:choose>
                <xsl:when test="i:has('attribute.', @name)"><xsl:value-of select="i:message('attribute.', @name)"/><span class="sub"><code><xsl:value-of select="@name"/></code></span></xsl:when>
                <xsl:otherwise><code><xsl:value-of select="@name"/></code></xsl:otherwise>
            </xsl:choose>
            <span class="sub mono"><xsl:value-of select="@oid"/></span>
        </th>
    </xsl:template>

    <xsl:template name="use">
        <td m:data-label="account.use">
            <xsl:if test="i:has('use.', @use)"><xsl:value-of select="i:message('use.', @use)"/></xsl:if>
            <span class="sub"><m:t k="needed.{@needed}"/></span>
        </td>
    </xsl:template>

    <!-- A value that is refused says why; one that is nobody else's business is shown on demand. -->
    <xsl:template match="need/value">
        <xsl:choose>
            <xsl:when test="@masked">
                <details class="masked">
                    <summary><span class="value"><xsl:value-of select="@masked"/></span><span class="more"><m:t k="needs.show"/></span></summary>
                    <span class="value"><xsl:value-of select="."/></span>
                </details>
            </xsl:when>
            <xsl:otherwise><span class="value"><xsl:value-of select="."/></span></xsl:otherwise>
        </xsl:choose>
        <xsl:if test="@rule and ../@state = 'good'"><span class="hint"><m:t k="login.missing.{@rule}"/></span></xsl:if>
    </xsl:template>

    <!-- A way to log in: by its name, and as SAML has it. -->
    <xsl:template name="context">
        <xsl:param name="uri" select="@context"/>
        <xsl:choose>
            <xsl:when test="@word != '' and i:has('context.', @word)"><xsl:value-of select="i:message('context.', @word)"/><span class="sub mono"><xsl:value-of select="$uri"/></span></xsl:when>
            <xsl:when test="$uri != ''"><span class="mono break"><xsl:value-of select="$uri"/></span></xsl:when>
            <xsl:otherwise><m:t k="context.unknown"/></xsl:otherwise>
        </xsl:choose>
    </xsl:template>

    <xsl:template name="wanted">
        <ul class="contexts">
            <xsl:for-each select="wanted"><li><xsl:call-template name="context"><xsl:with-param name="uri" select="@uri"/></xsl:call-template></li></xsl:for-each>
        </ul>
    </xsl:template>

    <!-- A login that was refused. Until the message of the IdP is verified there is one face for every reason. -->
    <xsl:template match="login-refused" mode="title"><m:t k="login.{@why}.title"/></xsl:template>
    <xsl:template match="login-refused" mode="main">
        <h1><m:t k="login.{@why}.title"/></h1>
        <p class="lead">
            <m:t k="login.{@why}.text"><m:with name="idp"><strong><xsl:value-of select="i:name(idp)"/></strong></m:with></m:t>
        </p>
        <xsl:choose>
            <xsl:when test="@why = 'generic'">
                <ul>
                    <li><m:t k="login.generic.again"/></li>
                    <li><m:t k="login.generic.one-tab"/></li>
                    <li><m:t k="login.generic.ask"/></li>
                </ul>
                <p class="actions"><a class="button main" href="/login"><m:t k="login.again"/></a></p>
            </xsl:when>
            <xsl:when test="@why = 'person'">
                <p><m:t k="login.person.next"/></p>
                <p class="actions"><a class="button main" href="/certificates"><m:t k="back.list"/></a></p>
            </xsl:when>
            <xsl:when test="@why = 'context' or @why = 'no-context'">
                <xsl:call-template name="wanted"/>
                <p><m:t k="login.{@why}.next"/></p>
                <p class="actions"><a class="button main" href="/certificates"><m:t k="back.list"/></a></p>
                <xsl:call-template name="mend"/>
            </xsl:when>
            <xsl:otherwise>
                <xsl:call-template name="missing"/>
                <xsl:call-template name="mend"/>
                <xsl:if test="need">
                    <section aria-labelledby="arrived">
                        <h2 id="arrived"><m:t k="login.arrived"/></h2>
                        <p class="hint"><m:t k="login.arrived.hint"/></p>
                        <xsl:call-template name="needs"/>
                    </section>
                </xsl:if>
                <p class="actions">
                    <a class="button" href="/discovery"><m:t k="login.other-idp"/></a>
                    <a class="button plain" href="/login/needs"><m:t k="needs.title"/></a>
                </p>
            </xsl:otherwise>
        </xsl:choose>
        <xsl:call-template name="ask-desk"/>
    </xsl:template>

    <xsl:template name="missing">
        <xsl:if test="missing">
            <ul class="missing">
                <xsl:for-each select="missing">
                    <li class="card">
                        <p><strong><xsl:if test="i:has('attribute.', @name)"><xsl:value-of select="i:message('attribute.', @name)"/><xsl:text> </xsl:text></xsl:if><code><xsl:value-of select="@name"/></code></strong></p>
                        <p><m:t k="login.missing.{@rule}"/></p>
                        <xsl:for-each select="value">
                            <p class="mono break"><xsl:if test="position() != 1"><m:t k="needs.or"/><xsl:text> </xsl:text></xsl:if><xsl:value-of select="."/></p>
                        </xsl:for-each>
                        <xsl:if test="@rule = 'scope' and ../idp/scope">
                            <p class="hint"><m:t k="login.scopes"/><xsl:for-each select="../idp/scope"><xsl:text> </xsl:text><code><xsl:value-of select="."/></code></xsl:for-each></p>
                        </xsl:if>
                        <p class="hint mono"><xsl:value-of select="@oid"/></p>
                    </li>
                </xsl:for-each>
            </ul>
        </xsl:if>
    </xsl:template>

    <!-- Whom to ask, with what to say to them. -->
    <xsl:template name="mend">
        <section aria-labelledby="who">
            <h2 id="who"><m:t k="login.who"/></h2>
            <p>
                <xsl:choose>
                    <xsl:when test="@why = 'institution'"><m:t k="login.who.institution"/></xsl:when>
                    <xsl:when test="idp/@contact-mail != ''">
                        <m:t k="login.who.contact">
                            <m:with name="name"><xsl:value-of select="idp/@contact-name"/></m:with>
                            <m:with name="mail"><a href="mailto:{idp/@contact-mail}"><xsl:value-of select="idp/@contact-mail"/></a></m:with>
                        </m:t>
                    </xsl:when>
                    <xsl:otherwise><m:t k="login.who.unknown"><m:with name="idp"><xsl:value-of select="i:name(idp)"/></m:with></m:t></xsl:otherwise>
                </xsl:choose>
            </p>
        </section>
        <xsl:if test="missing or wanted"><xsl:call-template name="forward"/></xsl:if>
    </xsl:template>

    <!-- The text to forward stands in both languages, whichever the page is in; a mail is begun in the page's own, because
         mail programs take so much from a link and no more. -->
    <xsl:template name="forward">
        <xsl:variable name="own"><xsl:call-template name="text-letter-own"/></xsl:variable>
        <xsl:variable name="other"><xsl:call-template name="text-letter-other"/></xsl:variable>
        <xsl:variable name="subject"><m:t k="letter.subject" service="i:name($frame/service)"/></xsl:variable>
        <section aria-labelledby="forward">
            <h2 id="forward"><m:t k="login.forward"/></h2>
            <p class="hint"><m:t k="login.forward.hint"/></p>
            <pre class="letter" id="forward-text" tabindex="0" m:aria-label="login.forward">
                <xsl:text>&#10;</xsl:text>
                <xsl:value-of select="$own"/>
                <xsl:text>&#10;----&#10;&#10;</xsl:text>
                <xsl:value-of select="$other"/>
            </pre>
            <p class="actions">
                <xsl:call-template name="copy"><xsl:with-param name="id">forward-text</xsl:with-param></xsl:call-template>
                <xsl:if test="idp/@contact-mail != ''">
                    <a class="button plain" href="mailto:{idp/@contact-mail}?subject={i:query($subject)}&amp;body={i:query($own)}"><m:t k="login.forward.mail"/></a>
                </xsl:if>
            </p>
        </section>
    </xsl:template>

    <xsl:template name="text-letter-own">
        <m:t k="letter.dear" idp="i:name(idp)"/><xsl:text>&#10;&#10;</xsl:text>
        <xsl:choose><xsl:when test="missing"><m:t k="letter.1"/></xsl:when><xsl:otherwise><m:t k="letter.context"/></xsl:otherwise></xsl:choose>
        <xsl:text>&#10;&#10;</xsl:text>
        <xsl:for-each select="missing">
            <xsl:apply-templates select="." mode="text-letter"/><m:t k="letter.rule.{@rule}"/><xsl:apply-templates select="." mode="text-values"/>
        </xsl:for-each>
        <xsl:if test="not(missing)"><xsl:apply-templates select="wanted" mode="text-letter"/></xsl:if>
        <xsl:if test="need/value"><xsl:text>&#10;  </xsl:text><m:t k="letter.arrived"/><xsl:call-template name="text-arrived"/></xsl:if>
        <xsl:call-template name="text-facts"/>
        <xsl:choose><xsl:when test="missing"><m:t k="letter.2" service="i:name($frame/service)"/></xsl:when><xsl:otherwise><m:t k="letter.context.2" service="i:name($frame/service)"/></xsl:otherwise></xsl:choose>
        <xsl:text>&#10;</xsl:text>
    </xsl:template>

    <xsl:template name="text-letter-other">
        <m:t k="letter.dear" in="other" idp="idp/@name"/><xsl:text>&#10;&#10;</xsl:text>
        <xsl:choose><xsl:when test="missing"><m:t k="letter.1" in="other"/></xsl:when><xsl:otherwise><m:t k="letter.context" in="other"/></xsl:otherwise></xsl:choose>
        <xsl:text>&#10;&#10;</xsl:text>
        <xsl:for-each select="missing">
            <xsl:apply-templates select="." mode="text-letter"/><m:t k="letter.rule.{@rule}" in="other"/><xsl:apply-templates select="." mode="text-values"/>
        </xsl:for-each>
        <xsl:if test="not(missing)"><xsl:apply-templates select="wanted" mode="text-letter"/></xsl:if>
        <xsl:if test="need/value"><xsl:text>&#10;  </xsl:text><m:t k="letter.arrived" in="other"/><xsl:call-template name="text-arrived"/></xsl:if>
        <xsl:call-template name="text-facts"/>
        <xsl:choose><xsl:when test="missing"><m:t k="letter.2" in="other" service="$frame/service/@name"/></xsl:when><xsl:otherwise><m:t k="letter.context.2" in="other" service="$frame/service/@name"/></xsl:otherwise></xsl:choose>
        <xsl:text>&#10;</xsl:text>
    </xsl:template>

    <xsl:template name="text-arrived">
        <xsl:for-each select="need[value]"><xsl:if test="position() != 1">,</xsl:if><xsl:text> </xsl:text><xsl:value-of select="@name"/></xsl:for-each>
        <xsl:text>&#10;</xsl:text>
    </xsl:template>

    <xsl:template match="missing" mode="text-letter">
        <xsl:text>  </xsl:text><xsl:value-of select="@name"/><xsl:text> (</xsl:text><xsl:value-of select="@oid"/><xsl:text>): </xsl:text>
    </xsl:template>
    <xsl:template match="missing" mode="text-values">
        <xsl:for-each select="value"><xsl:text>&#10;    </xsl:text><xsl:if test="position() != 1">/ </xsl:if><xsl:value-of select="."/></xsl:for-each>
        <xsl:text>&#10;</xsl:text>
    </xsl:template>
    <xsl:template match="wanted" mode="text-letter">
        <xsl:text>  AuthnContextClassRef: </xsl:text><xsl:value-of select="@uri"/><xsl:text>&#10;</xsl:text>
    </xsl:template>

    <xsl:template name="text-facts">
        <xsl:text>&#10;  IdP: </xsl:text><xsl:value-of select="idp/@entity"/>
        <xsl:text>&#10;  SP:  </xsl:text><xsl:value-of select="sp/@entity"/>
        <xsl:if test="missing/@rule = 'scope' and idp/scope">
            <xsl:text>&#10;  shibmd:Scope:</xsl:text>
            <xsl:for-each select="idp/scope"><xsl:text> </xsl:text><xsl:value-of select="."/></xsl:for-each>
        </xsl:if>
        <xsl:text>&#10;  ID:  </xsl:text><xsl:value-of select="$frame/@request-id"/>
        <xsl:text>&#10;  </xsl:text><xsl:value-of select="$now"/>
        <xsl:text>&#10;&#10;</xsl:text>
    </xsl:template>

    <!-- As the Shibboleth IdP's own registry calls them. -->
    <xsl:template match="@name" mode="shibboleth">
        <xsl:choose>
            <xsl:when test=". = 'subject-id'"><xsl:value-of select="'samlSubjectID'"/></xsl:when>
            <xsl:when test=". = 'pairwise-id'"><xsl:value-of select="'samlPairwiseID'"/></xsl:when>
            <xsl:otherwise><xsl:value-of select="."/></xsl:otherwise>
        </xsl:choose>
    </xsl:template>

    <!-- An act that asks for another kind of login than this session has. -->
    <xsl:template match="step-up" mode="title"><m:t k="step-up.{@why}.title"/></xsl:template>
    <xsl:template match="step-up" mode="main">
        <p class="back"><a href="{@back}"><m:t k="back"/></a></p>
        <h1><m:t k="step-up.{@why}.title"/></h1>
        <p class="lead"><m:t k="step-up.{@why}.text"><m:with name="type"><xsl:value-of select="i:message('type.', @type)"/></m:with><m:with name="idp"><strong><xsl:value-of select="i:name(idp)"/></strong></m:with></m:t></p>
        <xsl:choose>
            <xsl:when test="@why = 'context'">
                <dl class="facts card">
                    <div><dt><m:t k="step-up.wanted"/></dt><dd><xsl:call-template name="wanted"/></dd></div>
                    <div><dt><m:t k="step-up.now"/></dt><dd><xsl:for-each select="login"><xsl:call-template name="context"/></xsl:for-each></dd></div>
                </dl>
                <p><m:t k="step-up.context.next"/></p>
                <p class="actions">
                    <a class="button main" href="{@href}"><m:t k="step-up.go" idp="i:name(idp)"/></a>
                    <a class="button" href="{@back}"><m:t k="step-up.not-now"/></a>
                </p>
            </xsl:when>
            <xsl:otherwise>
                <xsl:call-template name="missing"/>
                <xsl:call-template name="mend"/>
            </xsl:otherwise>
        </xsl:choose>
        <xsl:call-template name="ask-desk"/>
    </xsl:template>

    <!-- What an IdP has to send: before any login, for people and for who looks after it. -->
    <xsl:template match="needs" mode="title"><m:t k="needs.title"/></xsl:template>
    <xsl:template match="needs" mode="main">
        <p class="back"><a href="/"><m:t k="back.front"/></a></p>
        <h1><m:t k="needs.title"/></h1>
        <p class="lead"><m:t k="needs.lead"/></p>
        <p>
            <xsl:choose>
                <xsl:when test="institution"><m:t k="needs.identifier.one"><m:with name="institution"><strong><xsl:value-of select="i:name(institution)"/></strong></m:with></m:t></xsl:when>
                <xsl:otherwise><m:t k="needs.identifier.any"/></xsl:otherwise>
            </xsl:choose>
        </p>
        <table class="attributes">
            <thead><tr><th scope="col"><m:t k="account.attribute"/></th><th scope="col"><m:t k="account.use"/></th></tr></thead>
            <tbody>
                <xsl:for-each select="need">
                    <tr>
                        <xsl:call-template name="attribute"/>
                        <xsl:choose>
                            <xsl:when test="@use = 'identifier' and not(../institution)"><td m:data-label="account.use"><m:t k="use.identifier"/><span class="sub"><m:t k="needed.identifier"/></span></td></xsl:when>
                            <xsl:otherwise><xsl:call-template name="use"/></xsl:otherwise>
                        </xsl:choose>
                    </tr>
                </xsl:for-each>
            </tbody>
        </table>
        <ul>
            <li><m:t k="needs.scope"/></li>
            <li><m:t k="needs.format"/></li>
        </ul>
        <section aria-labelledby="register">
            <h2 id="register"><m:t k="needs.admin"/></h2>
            <dl class="facts">
                <div><dt><m:t k="needs.entity"/></dt><dd class="mono"><xsl:value-of select="sp/@entity"/></dd></div>
                <div><dt><m:t k="needs.acs"/></dt><dd class="mono"><xsl:value-of select="sp/@acs"/></dd></div>
                <div><dt><m:t k="needs.metadata"/></dt><dd><a href="/saml/metadata"><m:t k="needs.metadata.get"/></a></dd></div>
            </dl>
            <h3><m:t k="needs.shibboleth"/></h3>
            <xsl:variable name="release">
                <xsl:text>&lt;AttributeFilterPolicy id="inkan"&gt;&#10;  &lt;PolicyRequirementRule xsi:type="Requester" value="</xsl:text>
                <xsl:value-of select="sp/@entity"/><xsl:text>"/&gt;&#10;</xsl:text>
                <xsl:for-each select="need[not(contains(@name, ' '))]">
                    <xsl:text>  &lt;AttributeRule attributeID="</xsl:text><xsl:apply-templates select="@name" mode="shibboleth"/><xsl:text>" permitAny="true"/&gt;&#10;</xsl:text>
                </xsl:for-each>
                <xsl:text>&lt;/AttributeFilterPolicy&gt;&#10;</xsl:text>
            </xsl:variable>
            <pre id="release" tabindex="0" m:aria-label="needs.shibboleth"><xsl:text>&#10;</xsl:text><xsl:value-of select="$release"/></pre>
            <p class="actions"><xsl:call-template name="copy"><xsl:with-param name="id">release</xsl:with-param></xsl:call-template></p>
            <p class="hint"><m:t k="needs.simplesaml"/></p>
        </section>
        <xsl:call-template name="ask-desk"/>
    </xsl:template>
</xsl:stylesheet>
